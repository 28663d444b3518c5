// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import TestSupport
import Testing

@Suite("bandwidth: unshaped subnets", .enabled(if: kernelIsThere, "needs privileges to make network namespaces"))
struct BandwidthUnshapedTests {
  private static let subnets =
    #""unshapedSubnets":["198.51.100.0/24","203.0.113.9","2001:db8:2::/64","2001:db8:3::9","198.51.100.0/24"],"#
  /// Addresses of the host beside the node, inside and outside these subnets.
  private static let named = ["198.51.100.9", "203.0.113.9", "2001:db8:2::9", "2001:db8:3::9"]
  private static let others = [Node.clientAddress, "203.0.113.8", Node.clientAddress6, "2001:db8:3::8"]

  @Test("what comes from or goes to them is as fast as it can be, and everything else is limited")
  func traffic() async throws {
    let scene = try Self.scene()
    try scene.succeed("ADD", Self.subnets + BandwidthScene.both)
    try scene.succeed("CHECK", Self.subnets + BandwidthScene.both)
    for address in Self.named {
      #expect(unlimited.contains(try scene.down(address).rateNow()))
      #expect(unlimited.contains(try scene.up(address).rateNow()))
    }
    async let down = Flow.rate(of: Self.others.map { try scene.down($0) }, over: .seconds(1))
    async let up = Flow.rate(of: Self.others.map { try scene.up($0) }, over: .seconds(1))
    // Each direction has one bucket for all flows.
    for rate in [try await down, try await up] { #expect((5e6...9e6).contains(rate)) }
  }

  @Test(
    "with a limit for one direction only, that direction is limited except for the subnets",
    arguments: [BandwidthScene.ingress, BandwidthScene.egress])
  func oneDirection(members: String) throws {
    let scene = try Self.scene()
    try scene.succeed("ADD", Self.subnets + members)
    try scene.succeed("CHECK", Self.subnets + members)
    let isIngress = members == BandwidthScene.ingress
    let (slow, fast) = isIngress ? (BandwidthScene.down, BandwidthScene.up) : (BandwidthScene.up, BandwidthScene.down)
    #expect(unlimited.contains(try fast(scene)(Self.others[0]).rateNow()))
    #expect(limited.contains(try slow(scene)(Self.others[0]).rateNow(bytes: 100_000)))
    for address in [Self.named[0], Self.named[2]] {
      #expect(unlimited.contains(try slow(scene)(address).rateNow()))
      #expect(unlimited.contains(try fast(scene)(address).rateNow()))
    }
    try scene.succeed("DEL", Self.subnets + members)
    #expect(try scene.ifbs().isEmpty)
  }

  @Test("the bucket beside them has the same rate, burst and limit as one alone")
  func numbers() throws {
    let scene = try Self.scene()
    try scene.succeed("ADD", Self.subnets + BandwidthScene.both)
    let node = scene.node.namespace
    let shaped = try node.command("tc", "-d", "class", "show", "dev", scene.veth, "classid", "5c41:1")
    for words in ["rate 8Mbit ceil 8Mbit", " burst 25000b/1 ", " cburst 25000b/1 "] { #expect(shaped.contains(words)) }
    let queues = try node.command("tc", "qdisc", "show", "dev", scene.veth, "parent", "5c41:1")
    #expect(queues.contains("bfifo") && queues.contains("limit 50000b"))
    #expect(try scene.root(scene.ifb()) == BandwidthScene.bucket)
    // A subnet that is named twice has one filter.
    #expect(try node.command("tc", "filter", "show", "dev", scene.veth).occurrences(of: "flowid 5c41:") == 4)
    #expect(try scene.filters(scene.veth).occurrences(of: "flowid 5c41:1") == 5)
  }

  @Test("another list takes the place of the former with the next ADD, and without one there is a plain bucket")
  func change() throws {
    let scene = try Self.scene()
    let before = try scene.state()
    let other = #""unshapedSubnets":["203.0.113.0/28","2001:db8:1::/64"],"#
    try scene.succeed("ADD", Self.subnets + BandwidthScene.both)
    #expect(try scene.fail("CHECK", other + BandwidthScene.both).code == 102)
    try scene.succeed("ADD", other + BandwidthScene.both)
    try scene.succeed("CHECK", other + BandwidthScene.both)
    #expect(try scene.fail("CHECK", Self.subnets + BandwidthScene.both).code == 102)
    for flow in [BandwidthScene.down, BandwidthScene.up] {
      #expect(unlimited.contains(try flow(scene)(Node.clientAddress6).rateNow()))
      #expect(limited.contains(try flow(scene)("198.51.100.9").rateNow(bytes: 100_000)))
    }
    #expect(try scene.fail("CHECK").code == 102)
    try scene.succeed("ADD")
    try scene.succeed("CHECK")
    #expect(try scene.root(scene.veth) == BandwidthScene.bucket)
    #expect(try scene.filters(scene.veth).occurrences(of: "flowid") == 1)
    for flow in [BandwidthScene.down, BandwidthScene.up] {
      #expect(limited.contains(try flow(scene)(Node.clientAddress6).rateNow(bytes: 100_000)))
    }
    // DEL finds the qdiscs in this form, which does not depend on the subnets.
    try scene.succeed("ADD", Self.subnets + BandwidthScene.both)
    try scene.succeed("DEL")
    try scene.requireUnchanged(since: before)
  }

  @Test("a family may be left out as a whole, and the other one is limited", arguments: ["0.0.0.0/0", "::/0"])
  func wholeFamily(subnet: String) throws {
    let scene = try Self.scene()
    let members = #""unshapedSubnets":["\#(subnet)"],"# + BandwidthScene.both
    try scene.succeed("ADD", members)
    try scene.succeed("CHECK", members)
    let isIPv4 = subnet == "0.0.0.0/0"
    let fast = isIPv4 ? Node.clientAddress : Node.clientAddress6
    let slow = isIPv4 ? Node.clientAddress6 : Node.clientAddress
    for flow in [BandwidthScene.down, BandwidthScene.up] {
      #expect(unlimited.contains(try flow(scene)(fast).rateNow()))
      #expect(limited.contains(try flow(scene)(slow).rateNow(bytes: 100_000)))
    }
  }

  /// A scene in which the host beside the node has all the addresses.
  private static func scene() throws -> BandwidthScene {
    let scene = try BandwidthScene()
    let new = (named + others).filter { $0 != Node.clientAddress && $0 != Node.clientAddress6 }
    try scene.node.client.ip(
      new.map { "addr add \($0)/\($0.contains(":") ? "128 dev eth0 nodad" : "32 dev eth0")" }.joined(separator: "\n"))
    try scene.node.namespace.ip(new.map { "route add \($0) dev uplink" }.joined(separator: "\n"))
    return scene
  }
}

extension BandwidthScene {
  /// A flow from an address of the host beside the node to the container.
  fileprivate func down(_ address: String) throws -> Flow {
    let own = address.contains(":") ? container.ip6 : container.ip
    return try Flow(from: node.client, address, to: container.namespace, try #require(own))
  }

  /// A flow from the container to an address of the host beside the node.
  fileprivate func up(_ address: String) throws -> Flow {
    try Flow(from: container.namespace, to: node.client, address)
  }
}

extension String {
  fileprivate func occurrences(of words: String) -> Int { ranges(of: words).count }
}
