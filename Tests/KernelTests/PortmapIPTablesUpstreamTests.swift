// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import Rules
import TestSupport
import Testing

@Suite(
  "portmap by iptables: beside upstream's plugin",
  .enabled(if: kernelIsThere, "needs privileges to make network namespaces"))
struct PortmapIPTablesUpstreamTests {
  /// A configuration of mappings and options.
  struct Situation: CustomTestStringConvertible, Sendable {
    let testDescription: String
    var mappings = [PortMapping(8080, 80)]
    var options = ""
    var network = "test"
    /// Whether the container has an IPv6 address.
    var isDualStack = true
    var variant = IPTablesSettings.Variant.nft
  }

  static let situations: [Situation] = [
    Situation(testDescription: "one port"),
    Situation(testDescription: "15 ports", mappings: ports(15)),
    Situation(testDescription: "16 ports", mappings: ports(16)),
    Situation(testDescription: "40 ports", mappings: ports(40)),
    Situation(
      testDescription: "three protocols",
      mappings: [PortMapping(8080, 80), PortMapping(8080, 80, "udp"), PortMapping(9900, 99, "sctp")]),
    Situation(testDescription: "ports out of order", mappings: [8082, 8080, 8081].map { PortMapping($0, $0) }),
    Situation(
      testDescription: "hostIP", mappings: [PortMapping(8080, 80, on: Node.address), PortMapping(8081, 81)],
      isDualStack: false),
    Situation(testDescription: "any hostIP", mappings: [PortMapping(8080, 80, on: "0.0.0.0")], isDualStack: false),
    Situation(testDescription: "a comment of 255 bytes", network: name(255)),
    Situation(testDescription: "a comment of 256 bytes", network: name(256)),
    Situation(testDescription: "a comment of 300 bytes", network: name(300)),
    Situation(testDescription: "markMasqBit", options: #""markMasqBit":31,"#),
    Situation(testDescription: "snat false", options: #""snat":false,"#),
    Situation(testDescription: "conditions", options: conditions),
    Situation(testDescription: "conditions, on a legacy host", options: conditions, variant: .legacy),
    // `ip6tables-legacy --check` 1.8.9 does not compare ports, and so upstream adds only the first rule.
    Situation(
      testDescription: "16 ports and other protocols, on a legacy host",
      mappings: ports(16) + [PortMapping(8080, 80, "udp"), PortMapping(9900, 99, "sctp")], isDualStack: false,
      variant: .legacy),
    Situation(
      testDescription: "hostIP, markMasqBit and a comment of 256 bytes, on a legacy host",
      mappings: [PortMapping(8080, 80, on: Node.address)], options: #""markMasqBit":31,"#, network: name(256),
      isDualStack: false, variant: .legacy),
  ]

  private static let conditions = """
    "conditionsV4":["-s","192.0.2.0/24","!","-d","192.0.2.7","-m","mark","!","--mark","0x7/0xff"],\
    "conditionsV6":["!","-i","eth+"],
    """

  private static func ports(_ count: Int) -> [PortMapping] { (0..<count).map { PortMapping(8000 + $0, 100 + $0) } }

  /// The name of a network for which the comment has this many bytes.
  private static func name(_ length: Int) -> String {
    String(repeating: "n", count: length - #"dnat name: "" id: """#.utf8.count - 64)
  }

  private struct Scene {
    var host: PortmapNode
    let container: Container

    init(_ situation: Situation) throws {
      let isLegacy = situation.variant == .legacy
      host = try PortmapNode(programs: isLegacy ? IPTablesPrograms(.legacy) : nil)
      host.network = situation.network
      container = try host.node.addContainer(ip: "10.22.0.5", ip6: situation.isDualStack ? "fd00:22::5" : nil)
    }
  }

  @Test("our ADD and upstream's write the same rules", arguments: situations)
  func same(situation: Situation) throws {
    let scene = try Scene(situation)
    let host = scene.host
    try host.byUpstream.succeed("ADD", scene.container, situation.mappings, options: situation.options)
    let peers = try AddressFamily.allCases.map { try host.savedInOrder($0) }
    try host.flush()
    try host.byIPTables.succeed("ADD", scene.container, situation.mappings, options: situation.options)
    let ours = try AddressFamily.allCases.map { try host.savedInOrder($0) }
    #expect((peers[0] + peers[1]).contains { $0.contains("--to-destination") })
    #expect(changes(from: peers[0], to: ours[0]) == [])
    #expect(changes(from: peers[1], to: ours[1]) == [])
  }

  @Test("our CHECK passes after upstream's ADD, and our ADD changes nothing of it", arguments: situations)
  func check(situation: Situation) throws {
    let scene = try Scene(situation)
    let host = scene.host
    try host.byUpstream.succeed("ADD", scene.container, situation.mappings, options: situation.options)
    func save() throws -> [[String]] { try AddressFamily.allCases.map { try host.savedInOrder($0) } }
    let (generation, before) = (try host.generation(), try save())
    try host.byIPTables.succeed("CHECK", scene.container, situation.mappings, options: situation.options)
    #expect(try host.generation() == generation)
    try host.byIPTables.succeed("ADD", scene.container, situation.mappings, options: situation.options)
    #expect(try save() == before)
  }

  /// Upstream always checks the same rules in ip6tables too, after those of iptables, and so never passes.
  @Test("upstream's CHECK finds all of IPv4 after our ADD", arguments: situations)
  func checkedByUpstream(situation: Situation) throws {
    let scene = try Scene(situation)
    try scene.host.byIPTables.succeed("ADD", scene.container, situation.mappings, options: situation.options)
    let outcome = try scene.host.byUpstream.call(
      "CHECK", scene.container, situation.mappings, options: situation.options)
    let finding = errorObject(outcome)?.message
    #expect(finding?.hasPrefix("could not check ipv6 dnat") == true, "\(finding ?? "")")
  }

  @Test(
    "each plugin deletes what the other has added, and nothing of another container",
    arguments: situations)
  func deletion(situation: Situation) throws {
    let scene = try Scene(situation)
    let host = scene.host
    let bystanders = try (6..<8).map { try host.node.addContainer(ip: "10.22.0.\($0)", ip6: "fd00:22::\($0)") }
    let foreign = [PortMapping(7070, 70), PortMapping(7071, 71, "udp")]
    try host.byUpstream.succeed("ADD", bystanders[0], foreign)
    try host.byIPTables.succeed("ADD", bystanders[1], foreign)
    let before = try AddressFamily.allCases.map { try host.savedInOrder($0) }
    for (adds, deletes) in [(host.byUpstream, host.byIPTables), (host.byIPTables, host.byUpstream)] {
      try adds.succeed("ADD", scene.container, situation.mappings, options: situation.options)
      try deletes.succeed("DEL", scene.container, situation.mappings, options: situation.options)
      let left = try AddressFamily.allCases.map { try host.savedInOrder($0) }
      // A rule for another bit of the mark stays, because other networks may use it.
      let isMark = { (line: String) in line.contains("0x80000000") }
      #expect(left.map { $0.filter { !isMark($0) } } == before)
    }
  }

  @Test("ADD of one plugin after ADD of the other leaves one set of rules", arguments: situations)
  func over(situation: Situation) throws {
    let scene = try Scene(situation)
    let host = scene.host
    func save() throws -> [[String]] { try AddressFamily.allCases.map { try host.savedInOrder($0) } }
    try host.byUpstream.succeed("ADD", scene.container, situation.mappings, options: situation.options)
    let once = try save()
    for program in [host.byIPTables, host.byUpstream, host.byIPTables] {
      try program.succeed("ADD", scene.container, situation.mappings, options: situation.options)
      #expect(try zip(once, save()).flatMap { changes(from: $0, to: $1) } == [])
    }
  }

  /// Situations with one host address: with several, upstream writes every port into the entries of both families, again for each
  /// hostIP, which our CHECK does not accept.
  static let severalAddresses: [[PortMapping]] = [
    [PortMapping(8080, 80, on: Node.address)],
    [PortMapping(8080, 80, on: Node.address), PortMapping(8081, 81, on: Node.address)],
  ]

  @Test("with ports on several addresses our CHECK passes after upstream's ADD", arguments: severalAddresses)
  func addresses(mappings: [PortMapping]) throws {
    let host = try PortmapNode()
    let container = try host.node.addContainer(ip: "10.22.0.5", ip6: "fd00:22::5")
    try host.byUpstream.succeed("ADD", container, mappings)
    try host.byIPTables.succeed("CHECK", container, mappings)
  }

  @Test("our ADD with other ports replaces those that upstream added")
  func replacement() throws {
    let host = try PortmapNode()
    let container = try host.node.addContainer(ip: "10.22.0.5")
    try host.byUpstream.add(container, PortMapping(8080, 80), PortMapping(8081, 81, "udp"))
    try host.byIPTables.add(container, PortMapping(8082, 82))
    try host.byIPTables.check(container, PortMapping(8082, 82))
    #expect(try !host.savedOfContainers().contains { $0.mentions(port: 8080) || $0.mentions(port: 8081) })
  }

  @Test("DEL removes a CNI-SN chain of an old version of upstream")
  func formerChains() throws {
    let host = try PortmapNode().byIPTables
    let container = try host.node.addContainer(ip: "10.22.0.5")
    try host.add(container, PortMapping(8080, 80))
    let line = try #require(try host.saved().first { $0.hasPrefix(":CNI-DN-") })
    let chain = "CNI-SN-" + line.dropFirst(":CNI-DN-".count).prefix(21)
    try host.change(
      .ip,
      [
        ":CNI-HOSTPORT-SNAT -", ":\(chain) -", "-A POSTROUTING -j CNI-HOSTPORT-SNAT",
        "-A CNI-HOSTPORT-SNAT -j \(chain)",
        "-A \(chain) -s 127.0.0.1/32 -d 10.22.0.5/32 -p tcp -m tcp --dport 80 -j MASQUERADE",
      ])
    try host.delete(container)
    #expect(try host.saved().filter { $0.contains("CNI-DN-") || $0.contains("CNI-SN-") } == [])
    #expect(try host.saved().contains("-A POSTROUTING -j CNI-HOSTPORT-SNAT"))
  }
}
