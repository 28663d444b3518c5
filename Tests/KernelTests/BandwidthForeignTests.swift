// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import JSON
import TestSupport
import Testing

@Suite("bandwidth: beside other programs", .enabled(if: kernelIsThere, "needs privileges to make network namespaces"))
struct BandwidthForeignTests {
  @Test(
    "a foreign filter sees the packets before they are redirected to the IFB, and stays",
    arguments: ["clsact", "ingress"])
  func filter(qdisc: String) throws {
    let scene = try BandwidthScene()
    let mirror = "action mirred egress mirror dev capture"
    try scene.node.namespace.ip("link add capture up type ifb")
    try scene.tc(
      """
      qdisc add dev \(scene.veth) \(qdisc)
      filter add dev \(scene.veth) ingress prio 10 protocol ip u32 match ip dst 10.66.0.0/16 flowid 7:1 \(mirror)
      filter add dev \(scene.veth) ingress prio 20 protocol all bpf bytecode '1,6 0 0 0,' flowid 7:2
      """)
    if qdisc == "clsact" {
      try scene.tc("filter add dev \(scene.veth) egress prio 30 protocol ip u32 match u32 0 0 flowid 7:3")
    }
    let before = try scene.state()
    try scene.succeed("ADD")
    try scene.succeed("CHECK")
    #expect(try scene.priorities() == ["10", "20", "61442"])
    #expect(limited.contains(try scene.fromContainer().rateNow(bytes: 100_000)))
    let count = try scene.received("capture")
    let socket = try scene.container.namespace.run { try UDPSocket(scene.container.ip) }
    try socket.send("hello", to: Endpoint("10.66.0.1", 9))
    #expect(try scene.received("capture") == count + 1)
    try scene.succeed("ADD", #""unshapedSubnets":["192.0.2.0/24","2001:db8::/32"],"# + BandwidthScene.both)
    #expect(try scene.priorities().starts(with: ["10", "20", "61443"]))
    try scene.succeed("DEL")
    try scene.requireUnchanged(since: before)
  }

  @Test("a clsact without filters stays", arguments: [false, true])
  func emptyClsact(isFirst: Bool) throws {
    let scene = try BandwidthScene()
    if isFirst {
      try scene.tc("qdisc add dev \(scene.veth) clsact")
      let before = try scene.state()
      try scene.succeed("ADD")
      try scene.succeed("DEL")
      try scene.requireUnchanged(since: before)
    } else {
      // Another program replaces the ingress by clsact, and our filter has to be added again.
      try scene.succeed("ADD")
      try scene.tc("qdisc del dev \(scene.veth) ingress\nqdisc add dev \(scene.veth) clsact")
      #expect(try scene.fail("CHECK").code == 102)
      try scene.succeed("ADD")
      try scene.succeed("CHECK")
      try scene.succeed("DEL")
      #expect(try scene.node.namespace.command("tc", "qdisc").contains("clsact"))
    }
  }

  @Test("a foreign filter behind ours stays after DEL, with the ingress that we made")
  func laterFilter() throws {
    let scene = try BandwidthScene()
    try scene.succeed("ADD")
    try scene.tc("filter add dev \(scene.veth) ingress prio 65000 protocol ip u32 match ip dst 10.66.0.0/16 flowid 7:1")
    try scene.succeed("CHECK")
    try scene.succeed("ADD")
    try scene.succeed("DEL")
    #expect(try scene.priorities() == ["65000"])
    #expect(try scene.passes())
  }

  @Test(
    "behind a filter of the lowest precedence there is no room, and ADD fails with a message that says so",
    arguments: [65533, 65535])
  func noRoom(priority: Int) throws {
    let scene = try BandwidthScene()
    try scene.tc(
      """
      qdisc add dev \(scene.veth) clsact
      filter add dev \(scene.veth) ingress prio \(priority) protocol ip u32 match ip dst 10.66.0.0/16 flowid 7:1
      """)
    let before = try scene.state()
    let error = try scene.fail("ADD")
    #expect(error.code == 101)
    #expect(error.message.contains(scene.veth) && error.message.contains("priority \(priority)"))
    try scene.requireUnchanged(since: before)
    // A limit towards the container needs no filter.
    try scene.succeed("ADD", BandwidthScene.ingress)
  }

  @Test("behind any other filter there is room for one list of subnets after another")
  func lastRoom() throws {
    let scene = try BandwidthScene()
    try scene.tc(
      """
      qdisc add dev \(scene.veth) clsact
      filter add dev \(scene.veth) ingress prio 65529 protocol ip u32 match ip dst 10.66.0.0/16 flowid 7:1
      """)
    for round in 1...6 {
      let members = Self.subnets(round) + BandwidthScene.both
      try scene.succeed("ADD", members)
      try scene.succeed("CHECK", members)
      #expect(try scene.priorities().count == 4)
      #expect(try scene.priorities().first == "65529")
    }
  }

  @Test("a foreign filter among ours does not prevent another list of subnets", arguments: 61438...61447)
  func amongOurs(priority: Int) throws {
    let scene = try BandwidthScene()
    for round in 1...2 { try scene.succeed("ADD", Self.subnets(round) + BandwidthScene.both) }
    // Filters of one priority have one protocol, so it may be refused.
    let line = "prio \(priority) protocol ip u32 match ip dst 10.66.0.0/16 flowid 7:1"
    guard (try? scene.tc("filter add dev \(scene.veth) ingress \(line)")) != nil else { return }
    for round in 3...5 {
      try scene.succeed("ADD", Self.subnets(round) + BandwidthScene.both)
      try scene.succeed("CHECK", Self.subnets(round) + BandwidthScene.both)
    }
    try scene.succeed("DEL")
    #expect(try scene.priorities() == ["\(priority)"])
    #expect(try scene.filters(scene.veth).ranges(of: "flowid").count == 1)
  }

  private static func subnets(_ round: Int) -> String {
    #""unshapedSubnets":["192.0.2.\#(round)","2001:db8::\#(round)"],"#
  }

  @Test(
    "a foreign root qdisc is not replaced: code 103 names it",
    arguments: [
      "htb 5:", "pfifo 9:", "tbf 2: rate 1mbit burst 5000 limit 10000", "bfifo 1:", "htb 1: default 1",
      "tbf 5c41: rate 1mbit burst 5000 limit 10000",
    ])
  func rootQdisc(qdisc: String) throws {
    let scene = try BandwidthScene()
    let words = qdisc.split(separator: " ").map(String.init)
    let line = "root handle \(words[1]) \(words[0]) \(words.dropFirst(2).joined(separator: " "))"
    try scene.tc("qdisc add dev \(scene.veth) \(line)")
    let before = try scene.state()
    for members in [BandwidthScene.both, #""unshapedSubnets":["10.0.0.0/8"],"# + BandwidthScene.ingress] {
      let error = try scene.fail("ADD", members)
      #expect(error.code == 103)
      #expect(error.message.contains(scene.veth) && error.message.contains("\(words[0]) \(words[1])"))
      try scene.requireUnchanged(since: before)
    }
    // The other direction is not affected.
    try scene.succeed("ADD", BandwidthScene.egress)
    try scene.succeed("CHECK", BandwidthScene.egress)
    try scene.succeed("DEL", BandwidthScene.egress)
    try scene.requireUnchanged(since: before)
  }

  @Test(
    "an interface that has the IFB's name and is not this container's stays: code 103",
    arguments: [
      ("type bridge", "", "bridge"), ("type ifb", "somebody's", "somebody's"),
    ])
  func name(type: String, alias: String, words: String) throws {
    let scene = try BandwidthScene()
    try scene.succeed("ADD")
    let ifb = try scene.ifb()
    try scene.succeed("DEL")
    try scene.node.namespace.ip("link add \(ifb) \(type)")
    let text = alias.replacing("ID", with: scene.container.id)
    if !alias.isEmpty { try scene.node.namespace.command("ip", "link", "set", ifb, "alias", text) }
    let before = try scene.state()
    for verb in ["ADD", "CHECK"] {
      let error = try scene.fail(verb)
      #expect(error.code == 103)
      #expect(error.message.contains(ifb) && error.message.contains(words))
      try scene.requireUnchanged(since: before)
    }
    try scene.succeed("DEL")
    try scene.requireUnchanged(since: before)
  }

  @Test(
    "another container's IFB that has the name stays, and this container's has another name",
    arguments: ["test/0123/eth0 veth0", "other/ID/eth0 veth0", "test/ID/net1 veth0"])
  func othersName(alias: String) throws {
    let scene = try BandwidthScene()
    try scene.succeed("ADD")
    let ifb = try scene.ifb()
    try scene.succeed("DEL")
    try scene.node.namespace.ip("link add \(ifb) type ifb")
    let text = alias.replacing("ID", with: scene.container.id)
    try scene.node.namespace.command("ip", "link", "set", ifb, "alias", text)
    let before = try scene.state()
    for verb in ["ADD", "CHECK"] { try scene.succeed(verb) }
    #expect(try scene.ifbs().count == 2)
    try scene.succeed("DEL")
    try scene.requireUnchanged(since: before)
  }
}

extension BandwidthScene {
  /// The priorities of the filters of what the host's end receives, in their order.
  fileprivate func priorities() throws -> [String] {
    var found: [String] = []
    for line in try filters(veth).split(separator: "\n") {
      let words = line.split(separator: " ")
      guard let place = words.firstIndex(of: "pref"), !found.contains(String(words[place + 1])) else { continue }
      found.append(String(words[place + 1]))
    }
    return found
  }

  /// How many packets an IFB has received.
  fileprivate func received(_ interface: String) throws -> Int {
    let text = try node.namespace.command("ip", "-s", "-j", "link", "show", "dev", interface)
    let link = try #require(try Field(JSON(parsing: Array(text.utf8))).array()?.first)
    return try #require(try link["stats64"]["rx"]["packets"].integer(in: 0 ... .max))
  }
}
