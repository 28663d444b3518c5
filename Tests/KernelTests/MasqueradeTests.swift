// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI
import OwnTable
import Rules
import TestSupport
import Testing

@Suite("masquerading in our own table", .enabled(if: kernelIsThere, "needs privileges to make network namespaces"))
struct MasqueradeTests {
  private let own = NFTablesMasquerade()

  @Test(
    "outside, a container comes by the host's address; before and after by its own", arguments: AddressFamily.allCases)
  func outside(family: AddressFamily) throws {
    let scene = try MasqueradeScene()
    let container = try scene.node.addContainer(ip: "10.22.0.5", ip6: "fd00:22::5")
    let other = try scene.node.addContainer(ip: "10.22.0.6", ip6: "fd00:22::6")
    let (before, host) = family == .ip ? ("10.22.0.5", Node.address) : ("fd00:22::5", Node.address6)
    #expect(try scene.seen(container, family) == ip(before))
    try scene.apply(own, container)
    #expect(try scene.seen(container, family) == ip(host))
    #expect(try scene.seen(other, family) == ip(family == .ip ? "10.22.0.6" : "fd00:22::6"))
    #expect(try scene.problems(own, container) == [])
    try scene.remove(own, container)
    #expect(try scene.elements() == [])
    #expect(try scene.seen(container, family) == ip(before))
  }

  @Test(
    "within the subnet, and to a multicast group, it comes by its own address, also where bridged packets are filtered",
    arguments: AddressFamily.allCases)
  func inside(family: AddressFamily) throws {
    let scene = try MasqueradeScene(bridgeFilter: true)
    let container = try scene.node.addContainer(ip: "10.22.0.5", ip6: "fd00:22::5")
    let other = try scene.node.addContainer(ip: "10.22.0.6", ip6: "fd00:22::6")
    try scene.apply(own, container)
    let address = try ip(family == .ip ? "10.22.0.5" : "fd00:22::5")
    #expect(try scene.seen(container, by: other, family) == address)
    #expect(try scene.seen(container, inGroupWith: other, family) == address)
    #expect(try scene.seen(container, family) == ip(family == .ip ? Node.address : Node.address6))
    // The rule is what spares the group.
    try scene.node.namespace.command(
      "nft", "flush chain inet swift_cni ipmasq; add rule inet swift_cni ipmasq jump ipmasq_sources")
    #expect(try scene.seen(container, inGroupWith: other, family) != address)
  }

  @Test("in another network of the host a container comes by the bridge's address there")
  func otherNetwork() throws {
    let scene = try MasqueradeScene(networks: [.first, .second])
    let container = try scene.node.addContainer(ip: "10.22.0.5", ip6: "fd00:22::5")
    let other = try scene.node.addContainer(ip: "10.23.0.6", ip6: "fd00:23::6", network: .second)
    try scene.apply(own, container)
    #expect(try scene.seen(container, by: other) == ip("10.23.0.1"))
    #expect(try scene.seen(container, by: other, .ip6) == ip("fd00:23::1"))
  }

  @Test("a connection keeps its source port")
  func port() throws {
    let scene = try MasqueradeScene()
    let container = try scene.node.addContainer(ip: "10.22.0.5")
    try scene.apply(own, container)
    let server = try scene.node.client.run { try TCPListener(Node.clientAddress, 0) }
    let connection = try container.namespace.run { try TCPConnection.connect(Node.clientAddress, server.endpoint.port) }
    #expect(try server.accept().peer == Endpoint(try ip(Node.address), try connection.local.port))
  }

  @Test(
    "of two interfaces of a container in one network, DEL of one leaves the other masqueraded",
    arguments: [true, false])
  func interfaces(hasAddresses: Bool) throws {
    let scene = try MasqueradeScene()
    let first = try scene.node.addContainer(ip: "10.22.0.5", ip6: "fd00:22::5")
    let second = try scene.node.attach(first, ip: "10.22.0.6", ip6: "fd00:22::6", ifName: "eth1", network: .first)
    try scene.apply(own, first)
    try scene.apply(own, second)
    #expect(try scene.elements().count == 6)
    try scene.remove(own, second, hasAddresses: hasAddresses)
    #expect(try scene.elements().count == 3)
    #expect(try scene.problems(own, first) == [])
    #expect(try scene.seen(first) == ip(Node.address))
    try scene.remove(own, first, hasAddresses: hasAddresses)
    #expect(try scene.elements() == [])
  }

  @Test("ADD with other addresses leaves none of the old, and its undo gives them back")
  func changed() throws {
    let scene = try MasqueradeScene()
    let old = try scene.node.addContainer(ip: "10.22.0.5", ip6: "fd00:22::5")
    var new = Container(namespace: old.namespace, id: old.id, address: try ip("10.22.0.7"), address6: old.address6)
    try scene.apply(own, old)
    let change = try scene.apply(own, new)
    #expect(try scene.elements().count == 3)
    #expect(try scene.problems(own, new) == [])
    #expect(try !scene.problems(own, old).isEmpty)
    try scene.node.namespace.run { try change.undo() }
    #expect(try scene.problems(own, old) == [])
    // An address that another container has left behind is taken over.
    new.id = Container.randomID()
    let takeover = Container(namespace: new.namespace, id: new.id, address: old.address)
    #expect(try scene.apply(own, takeover).takeovers == [Takeover(of: "10.22.0.5", previous: "test/\(old.id)/eth0")])
    try scene.remove(own, old)
    #expect(try scene.problems(own, takeover) == [])
  }

  @Test("GC removes what no attachment of the list has, and spares other networks")
  func garbage() throws {
    let scene = try MasqueradeScene()
    let containers = try (5..<8).map { try scene.node.addContainer(ip: "10.22.0.\($0)", ip6: "fd00:22::\($0)") }
    for container in containers { try scene.apply(own, container) }
    let foreign = CNI.Attachment(network: "test2", containerID: "x", interface: "eth0")
    try scene.node.namespace.run {
      _ = try own.apply(MasqueradeRequest(foreign, [try #require(Prefix("10.22.9.9/32"))]))
      try own.removeAll(ofNetwork: "test", sparing: [scene.attachment(containers[1]).id])
    }
    #expect(try scene.elements().allSatisfy { $0.contains(containers[1].id) })
    #expect(try scene.elements().count == 3)
    #expect(try scene.nft("list ruleset").contains("10.22.9.9 . 10.22.9.9 comment \"test2/x/eth0\""))
    #expect(try scene.problems(own, containers[1]) == [])
  }

  /// What somebody may have done to the table.
  static let damages = [
    "flush ruleset", "delete table inet swift_cni", "flush table inet swift_cni", "flush chain inet swift_cni ipmasq",
    "flush chain inet swift_cni ipmasq4_16", "flush chain inet swift_cni ipmasq_sources",
    "flush set inet swift_cni ipmasq4_16",
    "delete element inet swift_cni ipmasq6_64 { fd00:22::5 . fd00:22:: }",
    "add table inet swift_cni { flags dormant; }",
  ]

  @Test("CHECK finds damage and changes nothing, and the next ADD mends it", arguments: damages)
  func damage(command: String) throws {
    let scene = try MasqueradeScene()
    let container = try scene.node.addContainer(ip: "10.22.0.5", ip6: "fd00:22::5")
    try scene.apply(own, container)
    try scene.node.namespace.command("nft", command)
    let damaged = try scene.nft("list ruleset")
    #expect(try !scene.problems(own, container).isEmpty)
    #expect(try scene.nft("list ruleset") == damaged)
    try scene.apply(own, container)
    #expect(try scene.problems(own, container) == [])
    #expect(try scene.seen(container) == ip(Node.address))
    let generation = try scene.node.namespace.nftablesGeneration()
    try scene.apply(own, container)
    #expect(try scene.node.namespace.nftablesGeneration() == generation)
  }

  @Test(
    "nft loads its own listing again, and CHECK passes with that",
    arguments: [
      "10.22.0.5/16", "10.22.0.5/13", "10.22.0.5/32", "10.22.0.5/0", "fd00::5/64", "fd00::5/128", "fd00::5/61",
    ])
  func restored(source: String) throws {
    let scene = try MasqueradeScene()
    let owner = CNI.Attachment(network: "test", containerID: "c1", interface: "eth0")
    let request = MasqueradeRequest(owner, [try #require(Prefix(source))])
    try scene.node.namespace.run {
      _ = try own.apply(request)
      #expect(try own.verify(request) == [])
    }
    let listing = try scene.nft("list ruleset")
    try scene.node.namespace.command("nft", "flush", "ruleset")
    try scene.node.namespace.command("nft", "-f", "-", input: listing)
    #expect(try scene.node.namespace.run { try own.verify(request) } == [])
  }

  @Test("what upstream's nftables backend has added goes with ADD, DEL and GC, and others' stays")
  func upstream() throws {
    let scene = try MasqueradeScene()
    let owner = CNI.Attachment(network: "dbnet", containerID: "cid1", interface: "eth0")
    let rules = """
      table inet cni_plugins_masquerade {
        chain masq_checks {
          ip saddr 10.23.0.2 ip daddr != 10.23.0.0/24 masquerade comment "77fa157b4f32b23b-0b65a318f52e521b, net: dbnet, if: eth0, id: cid1"
          ip saddr 10.23.0.3 ip daddr != 10.23.0.0/24 masquerade comment "77fa157b4f32b23b-0123456789abcdef, net: dbnet, if: eth0, id: x"
          ip saddr 10.23.0.4 ip daddr != 10.23.0.0/24 masquerade comment "77fa157b4f32b23c-0123456789abcdef, net: other, if: eth0, id: x"
        }
        chain postrouting {
          type nat hook postrouting priority srcnat; policy accept;
          ip daddr 224.0.0.0/4 return
          ip6 daddr ff00::/8 return
          goto masq_checks
        }
      }

      """
    func left() throws -> [Bool] {
      let listing = try scene.nft("list table inet cni_plugins_masquerade")
      #expect(listing.contains("goto masq_checks"))
      return ["id: cid1", "dbnet, if: eth0, id: x", "net: other"].map { listing.contains($0) }
    }
    func holds(_ owner: CNI.Attachment, _ sources: String...) throws -> Bool {
      let request = MasqueradeRequest(owner, try sources.map { try #require(Prefix($0)) })
      return try scene.node.namespace.run { try own.isMasqueradedByUpstream(request) }
    }
    #expect(try !holds(owner, "10.23.0.2/24"))
    try scene.node.namespace.command("nft", "-f", "-", input: rules)
    #expect(try holds(owner, "10.23.0.2/24") && !holds(owner, "10.23.0.2/24", "10.23.0.3/24"))
    let other = CNI.Attachment(network: "dbnet", containerID: "cid1", interface: "eth1")
    #expect(try !holds(other, "10.23.0.2/24"))
    try scene.node.namespace.command("nft", "flush chain inet cni_plugins_masquerade postrouting")
    #expect(try !holds(owner, "10.23.0.2/24"))
    try scene.node.namespace.command("nft", "-f", "-", input: "delete table inet cni_plugins_masquerade\n" + rules)
    try scene.node.namespace.run { try own.remove(MasqueradeHint(owner, [])) }
    #expect(try left() == [false, true, true])
    try scene.node.namespace.command("nft", "delete table inet cni_plugins_masquerade")
    try scene.node.namespace.command("nft", "-f", "-", input: rules)
    try scene.node.namespace.run { try own.removeAll(ofNetwork: "dbnet", sparing: [owner.id]) }
    #expect(try left() == [true, false, true])
    try scene.node.namespace.run {
      try own.apply(MasqueradeRequest(owner, [try #require(Prefix("10.23.0.2/24"))])).complete {}
    }
    #expect(try left() == [false, false, true])
  }

  @Test("a kernel that can masquerade passes the probe, which changes nothing")
  func probe() throws {
    let scene = try MasqueradeScene()
    try scene.node.namespace.run { try own.probe() }
    #expect(try scene.nft("list ruleset") == "")
  }
}
