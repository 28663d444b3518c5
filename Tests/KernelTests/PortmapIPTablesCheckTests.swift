// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import TestSupport
import Testing

@Suite(
  "portmap by iptables: CHECK and repeated ADD",
  .enabled(if: kernelIsThere, "needs privileges to make network namespaces"))
struct PortmapIPTablesCheckTests {
  private static let mappings =
    (0..<16).map { PortMapping(8000 + $0, 80) } + [
      PortMapping(8443, 443, on: Node.address), PortMapping(5353, 53, "udp"), PortMapping(9900, 99, "sctp"),
    ]
  private static let options = #""conditionsV4":["!","-s","198.51.100.0/24"],"#

  /// A container beside rules of others.
  fileprivate struct Scene {
    let host: PortmapNode
    let container: Container

    init() throws {
      host = try PortmapNode().byIPTables
      container = try host.node.addContainer(ip: "10.22.0.5", ip6: "fd00:22::5")
      let bystander = try host.node.addContainer(ip: "10.22.0.6", ip6: "fd00:22::6")
      try host.add(bystander, PortMapping(7070, 70))
    }

    func add() throws { try host.succeed("ADD", container, mappings, options: options) }
    func check() throws { try host.succeed("CHECK", container, mappings, options: options) }

    /// The message of CHECK, which must fail and change nothing.
    func finding() throws -> String {
      let generation = try host.generation()
      let outcome = try host.call("CHECK", container, mappings, options: options)
      #expect(try host.generation() == generation)
      let error = try #require(errorObject(outcome), "CHECK passed")
      #expect(error.code == 102)
      return error.message
    }
  }

  @Test("an ADD that is repeated changes nothing, not even a rule's handle")
  func repeatedAdd() throws {
    let scene = try Scene()
    try scene.add()
    let (saved, ruleset) = (try scene.host.saved() + scene.host.saved(.ip6), try scene.host.ruleset())
    let generation = try scene.host.generation()
    for _ in 0..<3 { try scene.add() }
    #expect(try scene.host.saved() + scene.host.saved(.ip6) == saved)
    #expect(try scene.host.ruleset() == ruleset)
    #expect(try scene.host.generation() == generation)
  }

  @Test("CHECK passes after ADD and changes nothing")
  func passes() throws {
    let scene = try Scene()
    try scene.add()
    let generation = try scene.host.generation()
    try scene.check()
    #expect(try scene.host.generation() == generation)
  }

  @Test(
    "CHECK finds each missing rule and changes nothing, and ADD repairs it",
    arguments: [AddressFamily.ip, .ip6])
  func eachRule(family: AddressFamily) throws {
    let scene = try Scene()
    try scene.add()
    let whole = try scene.host.savedInOrder(family)
    let own = try #require(try scene.chain(family))
    let rules = whole.filter { line in
      line.hasPrefix("-A") && (line.contains(own) || !line.contains("CNI-DN-"))
    }
    #expect(rules.count > 30)
    for rule in rules {
      try scene.host.change(family, ["-D" + rule.dropFirst(2)])
      #expect(try scene.host.savedInOrder(family) == whole.filter { $0 != rule })
      let finding = try scene.finding()
      let chain = rule.split(separator: " ")[1]
      #expect(finding.contains(chain), "\(rule): \(finding)")
      try scene.add()
      #expect(try scene.host.savedInOrder(family) == whole, "after \(rule)")
      try scene.check()
    }
  }

  @Test(
    "CHECK finds each missing chain and changes nothing, and ADD repairs it",
    arguments: [AddressFamily.ip, .ip6])
  func eachChain(family: AddressFamily) throws {
    let scene = try Scene()
    try scene.add()
    let own = try #require(try scene.chain(family))
    for chain in [own, "CNI-HOSTPORT-DNAT", "CNI-HOSTPORT-SETMARK", "CNI-HOSTPORT-MASQ"] {
      let jumps = try scene.host.saved(family).filter { $0.hasSuffix("-j \(chain)") }
      #expect(!jumps.isEmpty)
      try scene.host.change(family, jumps.map { "-D" + $0.dropFirst(2) } + ["-F \(chain)", "-X \(chain)"])
      #expect(try scene.finding().contains(chain))
      try scene.add()
      try scene.check()
    }
  }

  @Test("CHECK finds unexpected and different rules in the container's chain and among its entries")
  func surplus() throws {
    let scene = try Scene()
    try scene.add()
    let own = try #require(try scene.chain(.ip))
    let whole = try scene.host.savedInOrder()
    for line in [
      "-A \(own) -j RETURN", "-I \(own) -p tcp -m tcp --dport 8000 -j ACCEPT", "-R \(own) 1 -j ACCEPT",
      "-A CNI-HOSTPORT-DNAT -p tcp -j \(own)",
    ] {
      try scene.host.change(.ip, [line])
      #expect(try scene.finding().contains(own))
      try scene.add()
      #expect(try scene.host.savedInOrder() == whole, "after \(line)")
      try scene.check()
    }
  }

  @Test("after a flush of the whole ruleset CHECK fails, and ADD makes the rules again")
  func flush() throws {
    let scene = try Scene()
    try scene.add()
    try scene.host.node.namespace.command("nft", "flush", "ruleset")
    _ = try scene.finding()
    try scene.add()
    try scene.check()
  }

  @Test("after saving and restoring by the programs of iptables CHECK passes, and ADD changes nothing")
  func restored() throws {
    let scene = try Scene()
    try scene.add()
    for family in AddressFamily.allCases {
      let text = try scene.host.node.namespace.command(family == .ip ? "iptables-nft-save" : "ip6tables-nft-save")
      try scene.host.node.namespace.command(
        family == .ip ? "iptables-nft-restore" : "ip6tables-nft-restore", input: text)
    }
    try scene.check()
    let generation = try scene.host.generation()
    try scene.add()
    #expect(try scene.host.generation() == generation)
  }

  @Test("CHECK finds that route_localnet of the interface to the container is off")
  func routeLocalnet() throws {
    let scene = try Scene()
    try scene.add()
    try scene.host.node.namespace.set("net/ipv4/conf/cni0/route_localnet", to: "0")
    #expect(try scene.finding().contains("net.ipv4.conf.cni0.route_localnet is not 1"))
  }

  @Test("CHECK with other ports, conditions or another bit fails")
  func otherConfiguration() throws {
    let scene = try Scene()
    try scene.add()
    let (host, container) = (scene.host, scene.container)
    for (mappings, options) in [
      (Array(Self.mappings.dropLast()), Self.options), (Self.mappings + [PortMapping(1, 1)], Self.options),
      (Self.mappings, ""), (Self.mappings, Self.options + #""markMasqBit":5,"#),
      (Self.mappings, Self.options + #""snat":false,"#), (Self.mappings, Self.options + #""masqAll":true,"#),
    ] {
      let error = errorObject(try host.call("CHECK", container, mappings, options: options))
      #expect(error?.code == 102, "\(options)")
    }
  }
}

extension PortmapIPTablesCheckTests.Scene {
  /// The container's own chain.
  fileprivate func chain(_ family: AddressFamily) throws -> String? {
    let entry = try host.saved(family).first { $0.hasPrefix("-A CNI-HOSTPORT-DNAT") && $0.contains(container.id) }
    return entry?.split(separator: " ").last.map(String.init)
  }
}
