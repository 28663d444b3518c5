// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import TestSupport
import Testing

@Suite("portmap: ownership", .enabled(if: kernelIsThere, "needs privileges to make network namespaces"))
struct PortmapOwnershipTests {
  @Test("an ADD that is repeated changes nothing; one with other ports replaces what was there")
  func repeatedAdd() throws {
    let host = try PortmapNode()
    let container = try host.node.addContainer(ip: "10.22.0.5")
    try host.add(container, PortMapping(8080, 80), PortMapping(8443, 443))
    let before = try host.table()
    let generation = try host.generation()
    try host.add(container, PortMapping(8080, 80), PortMapping(8443, 443))
    #expect(try host.generation() == generation)
    #expect(try host.table() == before)
    try host.add(container, PortMapping(8080, 81))
    try host.check(container, PortMapping(8080, 81))
    #expect(try !host.table().mentions(port: 8443))
    #expect(try host.elements().count == 4)
    try host.succeed("ADD", try host.call("ADD", container, []))
    host.settle()
    #expect(try host.elements().isEmpty)
  }

  @Test("two containers with one address keep their own ports, also by hairpin")
  func sharedAddress() throws {
    let host = try PortmapNode()
    let first = try host.node.addContainer(ip: "10.22.0.5")
    let second = Container(namespace: first.namespace, address: first.address)
    let neighbour = try host.node.addContainer(ip: "10.22.0.6")
    try host.add(first, PortMapping(7001, 80))
    try host.add(second, PortMapping(7002, 80), options: #""hostPortConflict":"error","#)
    try host.delete(second, PortMapping(7002, 80))
    host.settle()
    try host.check(first, PortMapping(7001, 80))
    let server = try first.namespace.run { try TCPListener("10.22.0.5", 80) }
    #expect(try converse(neighbour.namespace, Node.address, 7001, with: server) == ip("10.22.0.1"))
  }

  @Test("the last ADD gets the port, names its former owner, and that one's DEL leaves it alone")
  func takeover() throws {
    let host = try PortmapNode()
    let old = try host.node.addContainer(ip: "10.22.0.5")
    let new = try host.node.addContainer(ip: "10.22.0.6")
    try host.add(old, PortMapping(8080, 80), PortMapping(8081, 81))
    let outcome = try host.call("ADD", new, [PortMapping(8080, 80)])
    try host.succeed("ADD", outcome)
    #expect(outcome.errorText.contains("8080/tcp taken over from test/\(old.id)/eth0"))
    let server = try new.namespace.run { try TCPListener("10.22.0.6", 80) }
    #expect(try converse(host.node.client, Node.address, 8080, with: server) == ip(Node.clientAddress))
    try host.delete(old, PortMapping(8080, 80), PortMapping(8081, 81))
    host.settle()
    #expect(try !host.table().contains(old.id))
    try host.check(new, PortMapping(8080, 80))
    #expect(try converse(host.node.client, Node.address, 8080, with: server) == ip(Node.clientAddress))
  }

  @Test("with hostPortConflict error a taken port is code 100, and nothing changes")
  func conflict() throws {
    let host = try PortmapNode()
    let old = try host.node.addContainer(ip: "10.22.0.5")
    let new = try host.node.addContainer(ip: "10.22.0.6")
    try host.add(old, PortMapping(8080, 80))
    let before = try host.table()
    let mappings = [PortMapping(9090, 90), PortMapping(8080, 80)]
    let refusal = try #require(
      errorObject(try host.call("ADD", new, mappings, options: #""hostPortConflict":"error","#)))
    #expect(refusal.code == 100)
    #expect(refusal.message.contains("8080/tcp") && refusal.message.contains(old.id))
    #expect(try host.table() == before)
    // One's own port is no conflict.
    try host.add(old, PortMapping(8080, 80), options: #""hostPortConflict":"error","#)
  }

  @Test("the interfaces of one container in two networks have ports of their own")
  func twoNetworks() throws {
    var host = try PortmapNode(networks: [.first, .second])
    let first = try host.node.addContainer(ip: "10.22.0.5")
    let second = try host.node.attach(first, ip: "10.23.0.5", ifName: "net1", network: .second)
    try host.add(first, PortMapping(8080, 80))
    host.network = "other"
    try host.add(second, PortMapping(8081, 80))
    try host.delete(second, PortMapping(8081, 80))
    host.settle()
    host.network = "test"
    try host.check(first, PortMapping(8080, 80))
    #expect(try !host.table().contains("net1"))
    try host.delete(first)
    host.settle()
    #expect(try host.elements().isEmpty)
  }

  @Test("two interfaces of one container in one network have ports of their own")
  func twoInterfaces() throws {
    let host = try PortmapNode()
    let first = try host.node.addContainer(ip: "10.22.0.5")
    let second = try host.node.attach(first, ip: "10.22.0.6", ifName: "net1", network: .first)
    try host.add(first, PortMapping(8080, 80))
    try host.add(second, PortMapping(8081, 80))
    try host.delete(second)
    host.settle()
    try host.check(first, PortMapping(8080, 80))
    #expect(try host.elements().allSatisfy { $0.contains("/eth0") })
  }

  @Test(
    "DEL removes everything of the owner and nothing of others, whatever its input is",
    arguments: DeletionCase.allCases)
  func deletion(_ situation: DeletionCase) throws {
    let host = try PortmapNode()
    let container = try host.node.addContainer(ip: "10.22.0.5", ip6: "fd00:22::5")
    let bystander = try host.node.addContainer(ip: "10.22.0.6")
    let mappings = [
      PortMapping(8080, 80), PortMapping(8081, 81, "udp"), PortMapping(8082, 82, on: Node.address),
    ]
    try host.add(bystander, PortMapping(7070, 70))
    let before = try host.table()
    try host.succeed(
      "ADD", try host.call("ADD", container, mappings, options: #""sourceRanges":["::/0","0.0.0.0/0"],"#))
    try host.succeed("DEL", try situation.call(host, container, mappings))
    host.settle()
    #expect(try !host.table().contains(container.id))
    #expect(try host.elements().count == 4)
    try host.check(bystander, PortMapping(7070, 70))
    try host.succeed("DEL", try situation.call(host, container, mappings))
    #expect(before.contains(bystander.id))
  }

  enum DeletionCase: CaseIterable {
    case asAdded, withoutResult, withoutPorts, withoutAnything, withFewerPorts, withOtherPorts, withBadOptions
    case withoutNamespace, withBadArguments, withIPTablesBackend

    func call(_ host: PortmapNode, _ container: Container, _ mappings: [PortMapping]) throws -> Outcome {
      switch self {
      case .asAdded:
        try host.call("DEL", container, mappings, options: #""sourceRanges":["::/0","0.0.0.0/0"],"#)
      case .withoutResult: try host.call("DEL", container, mappings, prevResult: false)
      case .withoutPorts: try host.call("DEL", container)
      case .withoutAnything: try host.call("DEL", container, prevResult: false)
      case .withFewerPorts: try host.call("DEL", container, [mappings[1]])
      case .withOtherPorts: try host.call("DEL", container, [PortMapping(7070, 70)])
      case .withBadOptions:
        try host.call("DEL", container, mappings, options: #""snat":7,"conditionsV4":["nonsense"],"#)
      case .withoutNamespace: try host.call("DEL", container, mappings, environment: ["CNI_NETNS": ""])
      case .withBadArguments: try host.call("DEL", container, mappings, environment: ["CNI_ARGS": "nonsense"])
      case .withIPTablesBackend: try host.call("DEL", container, mappings, options: #""backend":"iptables","#)
      }
    }
  }

  @Test("an ADD that cannot be completed leaves everything as it was")
  func rollback() throws {
    let host = try PortmapNode()
    let old = try host.node.addContainer(ip: "10.22.0.5")
    let new = try host.node.addContainer(ip: "10.22.0.6")
    try host.add(old, PortMapping(8080, 80))
    let before = try host.elements().sorted()
    // With a read-only /proc/sys, as in a container, route_localnet of the interface cannot be set.
    try host.node.namespace.set("net/ipv4/conf/cni0/route_localnet", to: "0")
    let outcome = try host.callWithReadOnlySysctls("ADD", new, [PortMapping(8080, 80), PortMapping(9090, 90)])
    let refusal = try #require(errorObject(outcome))
    #expect(refusal.code == 5)
    #expect(refusal.message.contains("route_localnet"))
    #expect(try host.elements().sorted() == before)
  }

  @Test(
    "DEL and ADD remove rules that upstream's nftables backend left for the container",
    arguments: ["ADD", "DEL"])
  func leftovers(verb: String) throws {
    let host = try PortmapNode()
    let container = try host.node.addContainer(ip: "10.22.0.5")
    let other = try host.node.addContainer(ip: "10.22.0.6")
    for family in ["ip", "ip6"] {
      let lines = [container, other].map {
        #"add rule \#(family) cni_hostport hostports tcp dport 8080 accept comment "\#($0.id)""#
      }
      try host.node.namespace.command(
        "nft", "-f", "-",
        input: """
          add table \(family) cni_hostport
          add chain \(family) cni_hostport hostports
          \(lines.joined(separator: "\n"))

          """)
    }
    try host.succeed(verb, try host.call(verb, container, [PortMapping(8080, 80)]))
    for family in ["ip", "ip6"] {
      let rules = try host.node.namespace.command("nft", "list", "table", family, "cni_hostport")
      #expect(!rules.contains(container.id))
      #expect(rules.contains(other.id))
    }
  }
}
