// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import Rules
import TestSupport
import Testing

@Suite(
  "portmap by iptables: ownership", .enabled(if: kernelIsThere, "needs privileges to make network namespaces"))
struct PortmapIPTablesOwnershipTests {
  @Test("the last ADD has the port, and the old owner's DEL leaves it alone")
  func takeover() throws {
    let host = try PortmapNode().byIPTables
    let old = try host.node.addContainer(ip: "10.22.0.5")
    let new = try host.node.addContainer(ip: "10.22.0.6")
    let server = try new.namespace.run { try TCPListener("10.22.0.6", 80) }
    try host.add(old, PortMapping(8080, 80), PortMapping(8081, 81))
    try host.add(new, PortMapping(8080, 80))
    #expect(try converse(host.node.client, Node.address, 8080, with: server) == ip(Node.clientAddress))
    try host.delete(old, PortMapping(8080, 80), PortMapping(8081, 81))
    #expect(try !host.saved().contains { $0.contains(old.id) })
    try host.check(new, PortMapping(8080, 80))
    #expect(try converse(host.node.client, Node.address, 8080, with: server) == ip(Node.clientAddress))
  }

  @Test("the last ADD has the port that upstream gave to another container")
  func takeoverFromUpstream() throws {
    let host = try PortmapNode()
    let old = try host.node.addContainer(ip: "10.22.0.5")
    let new = try host.node.addContainer(ip: "10.22.0.6")
    let server = try new.namespace.run { try TCPListener("10.22.0.6", 80) }
    try host.byUpstream.add(old, PortMapping(8080, 80))
    try host.byIPTables.add(new, PortMapping(8080, 80))
    #expect(try converse(host.node.client, Node.address, 8080, with: server) == ip(Node.clientAddress))
    let finding = try #require(errorObject(try host.byIPTables.call("CHECK", old, [PortMapping(8080, 80)])))
    #expect(finding.code == 102)
    #expect(finding.message.contains("8080/tcp belongs to") && finding.message.contains(new.id))
    try host.byIPTables.delete(new)
    try host.byIPTables.check(old, PortMapping(8080, 80))
  }

  @Test("what upstream added for net1 is CHECKed, spared by GC, and deleted", arguments: [true, false])
  func upstreamsSecondInterface(withResult: Bool) throws {
    let host = try PortmapNode()
    let first = try host.node.addContainer(ip: "10.22.0.5", ip6: "fd00:22::5")
    let second = try host.node.attach(first, ip: "10.22.0.6", ip6: "fd00:22::6", ifName: "net1", network: .first)
    let mappings = [PortMapping(8080, 80), PortMapping(5353, 53, "udp")]
    try host.byUpstream.succeed("ADD", second, mappings)
    let before = try host.savedOfContainers()
    try host.byIPTables.succeed("CHECK", second, mappings)
    try host.byIPTables.succeed("ADD", second, mappings)
    let list = #""cni.dev/valid-attachments":[{"containerID":"\#(second.id)","ifname":"net1"}],"#
    let collected = try host.byIPTables.call("GC", second, options: list, prevResult: false, version: "1.1.0")
    try host.succeed("GC", collected)
    #expect(try host.savedOfContainers() == before)
    try host.succeed("DEL", try host.byIPTables.call("DEL", second, mappings, prevResult: withResult))
    #expect(try host.savedOfContainers() == [])
  }

  @Test("network net with ID 1c and network net1 with ID c keep their ports apart from each other")
  func namesThatRunTogether() throws {
    var one = try PortmapNode().byIPTables
    var other = one
    (one.network, other.network) = ("net", "net1")
    let containers = try ["1c", "c"].enumerated().map { index, id in
      var container = try one.node.addContainer(ip: "10.22.0.\(5 + index)")
      container.id = id
      return container
    }
    try one.add(containers[0], PortMapping(8080, 80))
    try other.add(containers[1], PortMapping(8081, 80))
    try one.check(containers[0], PortMapping(8080, 80))
    try other.check(containers[1], PortMapping(8081, 80))
    try one.delete(containers[0])
    try other.check(containers[1], PortMapping(8081, 80))
    try other.delete(containers[1])
    #expect(try one.savedOfContainers() == [])
  }

  @Test(
    "with hostPortConflict error a taken port is code 100, and nothing changes", arguments: [AddressFamily.ip, .ip6])
  func conflict(family: AddressFamily) throws {
    let host = try PortmapNode().byIPTables
    let old = try host.node.addContainer(ip: "10.22.0.5", ip6: "fd00:22::5")
    let new = try host.node.addContainer(ip: "10.22.0.6", ip6: "fd00:22::6")
    try host.add(old, PortMapping(8080, 80, on: family == .ip ? "0.0.0.0" : "::"))
    let before = (try host.saved(family), try host.savedOfContainers())
    let mappings = [PortMapping(9090, 90), PortMapping(8080, 80)]
    let refusal = try #require(
      errorObject(try host.call("ADD", new, mappings, options: #""hostPortConflict":"error","#)))
    #expect(refusal.code == 100)
    #expect(refusal.message.contains("8080/tcp") && refusal.message.contains(old.id))
    #expect(try host.saved(family) == before.0)
    #expect(try host.savedOfContainers() == before.1)
    // One's own port is no conflict.
    try host.add(old, PortMapping(8080, 80), options: #""hostPortConflict":"error","#)
  }

  @Test("an owner whose further ADD meets a conflict keeps what it had")
  func conflictOfOwner() throws {
    let host = try PortmapNode().byIPTables
    let old = try host.node.addContainer(ip: "10.22.0.5")
    let new = try host.node.addContainer(ip: "10.22.0.6")
    try host.add(old, PortMapping(8080, 80))
    try host.add(new, PortMapping(9090, 90))
    let before = try host.saved()
    let mappings = [PortMapping(9090, 90), PortMapping(8080, 80)]
    let refusal = errorObject(try host.call("ADD", new, mappings, options: #""hostPortConflict":"error","#))
    #expect(refusal?.code == 100)
    #expect(try host.saved() == before)
  }

  @Test("the interfaces of one container have ports of their own, in one network and in two")
  func interfaces() throws {
    let host = try PortmapNode(networks: [.first, .second]).byIPTables
    var other = host
    other.network = "other"
    let first = try host.node.addContainer(ip: "10.22.0.5")
    let second = try host.node.attach(first, ip: "10.22.0.6", ifName: "net1", network: .first)
    let third = try host.node.attach(first, ip: "10.23.0.5", ifName: "net2", network: .second)
    try host.add(first, PortMapping(8080, 80))
    try host.add(second, PortMapping(8081, 80))
    try other.add(third, PortMapping(8082, 80))
    try host.delete(second)
    try host.check(first, PortMapping(8080, 80))
    try other.check(third, PortMapping(8082, 80))
    try host.delete(first)
    try other.check(third, PortMapping(8082, 80))
    try other.delete(third)
    #expect(try host.savedOfContainers() == [])
  }

  @Test(
    "DEL removes what either backend has written, whichever the configuration names then", arguments: [false, true])
  func switched(endsWithIPTables: Bool) throws {
    let host = try PortmapNode()
    let container = try host.node.addContainer(ip: "10.22.0.5", ip6: "fd00:22::5")
    let bystander = try host.node.addContainer(ip: "10.22.0.6")
    try host.byIPTables.add(bystander, PortMapping(7070, 70))
    try host.byNFTables.add(bystander, PortMapping(7070, 70))
    let before = (try host.savedOfContainers(), try host.elements().count)
    for backend in [host.byNFTables, host.byIPTables, host.byNFTables, host.byIPTables] {
      try backend.add(container, PortMapping(8080, 80), PortMapping(5353, 53, "udp"))
      try backend.check(container, PortMapping(8080, 80), PortMapping(5353, 53, "udp"))
    }
    try (endsWithIPTables ? host.byIPTables : host.byNFTables).delete(container)
    host.settle()
    #expect(try host.savedOfContainers() == before.0)
    #expect(try host.elements().count == before.1)
  }

  @Test("a container that is added without ports loses those that it had")
  func withoutPorts() throws {
    let host = try PortmapNode().byIPTables
    let container = try host.node.addContainer(ip: "10.22.0.5", ip6: "fd00:22::5")
    try host.add(container, PortMapping(8080, 80))
    try host.succeed("ADD", container, [])
    #expect(try host.savedOfContainers() == [])
  }

  @Test("the next ADD removes a family that is not published any more")
  func oneFamilyLess() throws {
    let host = try PortmapNode().byIPTables
    let container = try host.node.addContainer(ip: "10.22.0.5", ip6: "fd00:22::5")
    try host.add(container, PortMapping(8080, 80))
    try host.add(container, PortMapping(8080, 80, on: Node.address))
    #expect(try !host.saved(.ip6).contains { $0.contains("CNI-DN-") })
    try host.check(container, PortMapping(8080, 80, on: Node.address))
  }

  @Test(
    "an ADD that cannot be completed leaves rules that an administrator has added in the container's chain",
    arguments: IPTablesSettings.Variant.allCases)
  func rollbackOfForeignRules(variant: IPTablesSettings.Variant) throws {
    let host = try PortmapNode(programs: IPTablesPrograms(variant)).byIPTables
    let container = try host.node.addContainer(ip: "10.22.0.5")
    try host.add(container, PortMapping(8080, 80))
    let chain = try #require(
      try host.saved().first { $0.hasPrefix(":CNI-DN-") }?.dropFirst().split(separator: " ").first)
    let rules = [
      "-I \(chain) 1 -p tcp -m tcp --dport 8080 -m limit --limit 7/sec -j LOG --log-prefix \"one \"",
      "-I \(chain) 2 -p udp -m length --length 1:9",
      "-A \(chain) ! -p tcp -m pkttype --pkt-type unicast -g CNI-HOSTPORT-SETMARK",
    ]
    try host.node.namespace.command(
      "iptables-\(variant.rawValue)-restore", "--noflush",
      input: (["*nat"] + rules + ["COMMIT"]).map { $0 + "\n" }.joined())
    let before = try host.saved()
    #expect(before.filter { $0.hasPrefix("-A \(chain) ") }.count == 6)
    try host.node.namespace.set("net/ipv4/conf/cni0/route_localnet", to: "0")
    let outcome = try host.callWithReadOnlySysctls("ADD", container, [PortMapping(9090, 90)])
    #expect(errorObject(outcome)?.code == 5)
    #expect(try host.saved() == before)
  }

  @Test("an ADD that cannot be completed leaves nothing of the container")
  func rollback() throws {
    let host = try PortmapNode().byIPTables
    let old = try host.node.addContainer(ip: "10.22.0.5")
    let new = try host.node.addContainer(ip: "10.22.0.6")
    try host.add(old, PortMapping(8080, 80))
    let before = try host.saved()
    try host.node.namespace.set("net/ipv4/conf/cni0/route_localnet", to: "0")
    let outcome = try host.callWithReadOnlySysctls("ADD", new, [PortMapping(8080, 80)])
    #expect(errorObject(outcome)?.code == 5)
    #expect(try host.saved() == before)
  }
}
