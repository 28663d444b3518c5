// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import TestSupport
import Testing

@Suite("portmap: the table", .enabled(if: kernelIsThere, "needs privileges to make network namespaces"))
struct PortmapTableTests {
  @Test("the number of chains and rules does not depend on containers and ports, and the listing loads again")
  func constantSize() throws {
    let host = try PortmapNode()
    func size() throws -> [Int] {
      let lines = try host.node.namespace.command("nft", "-a", "list", "ruleset").split(separator: "\n")
      return [lines.filter { $0.contains("chain ") }.count, lines.filter { $0.contains("# handle") }.count]
    }
    let first = try host.node.addContainer(ip: "10.22.0.5", ip6: "fd00:22::5")
    try host.add(first, PortMapping(8000, 80), PortMapping(8000, 80, "udp"), PortMapping(8001, 80, on: Node.address))
    let before = try size()
    for index in 0..<5 {
      let address = try ip("10.22.1.\(index)")
      let container = Container(namespace: first.namespace, address: address, address6: first.address6)
      let mappings = (0..<50).map { PortMapping(9000 + index * 50 + $0, 100 + $0, ["tcp", "udp", "sctp"][$0 % 3]) }
      try host.succeed("ADD", try host.call("ADD", container, mappings))
    }
    #expect(try size() == before)
    #expect(try host.loadsAgain())
  }

  @Test("a log at debug has ADD's changes as commands of nft, by which nft makes the same sets and elements")
  func log() throws {
    let host = try PortmapNode()
    let container = try host.node.addContainer(ip: "10.22.0.5", ip6: "fd00:22::5")
    let mappings = [PortMapping(8080, 80), PortMapping(5353, 53, "udp", on: Node.address)]
    let outcome = try host.call("ADD", container, mappings, environment: ["SWIFT_CNI_LOG": "debug"])
    #expect(outcome.status == 0)
    let commands = outcome.errorText.split(separator: "\n").compactMap { line -> Substring? in
      guard let start = line.firstRange(of: "change nft '"), line.hasSuffix("': ok") else { return nil }
      return line[start.upperBound...].dropLast("': ok".count)
    }
    #expect(commands.contains { $0.hasPrefix("add rule inet swift_cni output [ meta load nfproto => reg 1 ]") })
    #expect(commands.contains { $0.hasPrefix("add chain inet swift_cni guard { type filter hook prerouting") })
    let kinds = ["add table ", "add set ", "add map ", "add element "]
    let script = commands.filter { command in kinds.contains { command.hasPrefix($0) } }
    let other = try Namespace()
    try other.command("nft", "-f", "-", input: script.joined(separator: "\n") + "\n")
    for kind in ["sets", "maps"] {
      let listings = try [host.node.namespace, other].map { try $0.command("nft", "list", kind, "inet") }
      #expect(PortmapNode.sorted(listings[0]) == PortmapNode.sorted(listings[1]))
    }
  }

  /// Damage that another program may do to the table.
  static let damages = [
    "flush table inet swift_cni", "flush chain inet swift_cni prerouting", "flush chain inet swift_cni hostports4",
    "flush chain inet swift_cni masquerade4_16", "flush chain inet swift_cni masquerading",
    "flush chain inet swift_cni guard", "flush ruleset", "delete table inet swift_cni",
    "add table inet swift_cni { flags dormant; }", "add chain inet swift_cni guard { policy drop; }",
    "flush chain inet swift_cni output; delete chain inet swift_cni output; add chain inet swift_cni output",
  ]

  @Test("CHECK finds a damaged table and changes nothing, and the next ADD repairs it", arguments: damages)
  func mending(damage: String) throws {
    let host = try PortmapNode()
    let container = try host.node.addContainer(ip: "10.22.0.5")
    let conditions = #""conditionsV4":["ip saddr { 192.0.2.0/24, 10.0.0.0/8, 127.0.0.0/8 }"],"#
    try host.add(container, PortMapping(8080, 80), options: conditions)
    let server = try container.namespace.run { try TCPListener("10.22.0.5", 80) }
    try host.node.namespace.command("nft", damage)
    let damaged = try host.node.namespace.command("nft", "list", "ruleset")
    let finding = try #require(
      errorObject(try host.call("CHECK", container, [PortMapping(8080, 80)], options: conditions)))
    #expect(finding.code == 102)
    #expect(try host.node.namespace.command("nft", "list", "ruleset") == damaged)
    try host.add(container, PortMapping(8080, 80), options: conditions)
    try host.check(container, PortMapping(8080, 80), options: conditions)
    #expect(try converse(host.node.client, Node.address, 8080, with: server) == ip(Node.clientAddress))
    #expect(try converse(host.node.namespace, "127.0.0.1", 8080, with: server) == ip("10.22.0.1"))
    #expect(try converse(container.namespace, Node.address, 8080, with: server) == ip("10.22.0.1"))
    // After the repair the table is complete: the next ADD changes nothing.
    let generation = try host.generation()
    try host.add(container, PortMapping(8080, 80), options: conditions)
    #expect(try host.generation() == generation)
  }

  @Test("a listing that is saved and loaded again passes CHECK, and the next ADD changes nothing")
  func restored() throws {
    let host = try PortmapNode()
    let container = try host.node.addContainer(ip: "10.22.0.5", ip6: "fd00:22::5")
    let conditions = """
      "conditionsV4":["ip saddr 192.0.2.0/24 ip daddr != 10.0.0.0/9 iifname != \\"eth*\\" tcp sport != 1-7"],\
      "sourceRanges":["192.0.0.0/8","192.0.2.0/25","2001:db8:1::/48","::1"],
      """
    try host.add(container, PortMapping(8080, 80), options: conditions)
    let listing = try host.table()
    try host.node.namespace.command("nft", "flush", "ruleset")
    try host.node.namespace.command("nft", "-f", "-", input: listing)
    try host.check(container, PortMapping(8080, 80), options: conditions)
    let generation = try host.generation()
    try host.add(container, PortMapping(8080, 80), options: conditions)
    #expect(try host.generation() == generation)
  }

  @Test("ports under conditions of another network stay closed while the table is repaired for one")
  func closed() throws {
    var host = try PortmapNode()
    let guarded = try host.node.addContainer(ip: "10.22.0.5")
    let other = try host.node.addContainer(ip: "10.22.0.6")
    let server = try guarded.namespace.run { try TCPListener("10.22.0.5", 80) }
    host.network = "guarded"
    try host.add(guarded, PortMapping(8080, 80), options: #""sourceRanges":["198.51.100.0/24"],"#)
    #expect(isUnreachable(host.node.client, Node.address, 8080))
    try host.node.namespace.command("nft", "flush", "table", "inet", "swift_cni")
    host.network = "test"
    try host.add(other, PortMapping(8081, 80))
    #expect(isUnreachable(host.node.client, Node.address, 8080))
    host.network = "guarded"
    try host.add(guarded, PortMapping(8080, 80), options: #""sourceRanges":["192.0.2.0/24"],"#)
    #expect(try converse(host.node.client, Node.address, 8080, with: server) == ip(Node.clientAddress))
  }

  @Test("hundreds of conditions, and the longest names, work")
  func large() throws {
    var host = try PortmapNode()
    host.network = String(repeating: "n", count: 300)
    let container = try host.node.addContainer(ip: "10.22.0.5")
    let words = (0..<300).map { "\"ip saddr != 10.9.\($0 % 250).0/24\"" }.joined(separator: ",")
    let server = try container.namespace.run { try TCPListener("10.22.0.5", 80) }
    try host.add(container, PortMapping(8080, 80), options: "\"conditionsV4\":[\(words)],")
    #expect(try converse(host.node.client, Node.address, 8080, with: server) == ip(Node.clientAddress))
    try host.check(container, PortMapping(8080, 80), options: "\"conditionsV4\":[\(words)],")
    #expect(try host.loadsAgain())
  }

  @Test("CHECK names each thing that is missing or different")
  func findings() throws {
    let host = try PortmapNode()
    let container = try host.node.addContainer(ip: "10.22.0.5")
    try host.add(container, PortMapping(8080, 80), PortMapping(8081, 81))
    for (change, words) in [
      ("delete element inet swift_cni hostports4 { tcp . 8080 }", "IPv4 port 8080/tcp is missing"),
      (
        "delete element inet swift_cni masquerade4_8 { 10.22.0.5 . tcp . 81 . 8081 . 127.0.0.0 }",
        "masquerade4_8 is missing"
      ),
      ("insert rule inet swift_cni prerouting accept", "chain prerouting has other rules"),
      ("add rule inet swift_cni masquerade4_16 accept", "chain masquerade4_16 has other rules"),
    ] {
      try host.node.namespace.command("nft", change)
      let mappings = [PortMapping(8080, 80), PortMapping(8081, 81)]
      let finding = try #require(errorObject(try host.call("CHECK", container, mappings)))
      #expect(finding.message.contains(words))
    }
    try host.node.namespace.set("net/ipv4/conf/cni0/route_localnet", to: "0")
    let finding = try #require(errorObject(try host.call("CHECK", container, [PortMapping(8081, 81)])))
    #expect(finding.message.contains("net.ipv4.conf.cni0.route_localnet is not 1"))
  }

  @Test("where the kernel has no netfilter netlink, STATUS is 50, and DEL and GC have nothing to do")
  func withoutNetfilter() throws {
    let host = try PortmapNode()
    let container = try host.node.addContainer(ip: "10.22.0.5")
    for (verb, status) in [("STATUS", 1), ("DEL", 0), ("GC", 0)] as [(String, Int32)] {
      let members = #""cni.dev/valid-attachments":[],"#
      let outcome = try host.node.namespace.run {
        try Program("strace").run(
          ["-o", "/dev/null", "-e", "inject=socket:error=EPROTONOSUPPORT", PortmapNode.program.path, "portmap"],
          environment: container.environment(verb), input: pluginConfig("portmap", "test", "1.1.0", members, nil))
      }
      #expect(outcome.status == status)
      if status != 0 { #expect(errorObject(outcome)?.code == 50) }
    }
  }

  @Test("STATUS is ready before and after the first ADD, leaves nothing, and is 50 without the capability")
  func status() throws {
    let host = try PortmapNode()
    let container = try host.node.addContainer(ip: "10.22.0.5")
    let ask = { try host.call("STATUS", container, prevResult: false, version: "1.1.0") }
    try host.succeed("STATUS", try ask())
    #expect(try host.node.namespace.command("nft", "list", "ruleset").isEmpty)
    try host.add(container, PortMapping(8080, 80))
    try host.succeed("STATUS", try ask())
    let refused = try host.node.namespace.run {
      try Program("setpriv").run(
        ["--bounding-set", "-net_admin", "--inh-caps", "-all", PortmapNode.program.path, "portmap"],
        environment: ["CNI_COMMAND": "STATUS"],
        input: Array(#"{"cniVersion":"1.1.0","name":"test","type":"portmap"}"#.utf8))
    }
    let reason = try #require(errorObject(refused))
    #expect(reason.code == 50)
    #expect(reason.message.contains("CAP_NET_ADMIN"))
  }
}

extension PortmapNode {
  /// Whether nft's output for our table can be loaded into another namespace, and is printed the same there.
  func loadsAgain() throws -> Bool {
    let listing = try table()
    let other = try Namespace()
    try other.command("nft", "-f", "-", input: listing)
    return Self.sorted(try other.command("nft", "list", "table", "inet", "swift_cni")) == Self.sorted(listing)
  }

  /// The sorted lines of a listing: nft's order is that of the kernel's hash tables.
  fileprivate static func sorted(_ listing: String) -> [String] {
    listing.split(separator: "\n").map { line in
      let words = line.split(whereSeparator: { " \t,".contains($0) })
      return words.filter { !["elements", "=", "{", "}"].contains($0) }.joined(separator: " ")
    }.sorted()
  }
}
