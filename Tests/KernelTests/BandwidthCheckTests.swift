// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import TestSupport
import Testing

@Suite("bandwidth: CHECK", .enabled(if: kernelIsThere, "needs privileges to make network namespaces"))
struct BandwidthCheckTests {
  /// A change by another program, in lines of tc and ip: VETH and IFB stand for the interfaces' names.
  struct Damage: Sendable, CustomTestStringConvertible {
    let name: String
    var tc = ""
    var ip = ""
    /// A part of CHECK's message.
    let words: String
    var testDescription: String { name }
  }

  static let redirect = "protocol all u32 match u32 0 0 flowid 5c41:1 action mirred egress redirect dev"

  static let damages = [
    Damage(name: "the host's end has no bucket", tc: "qdisc del dev VETH root", words: "VETH"),
    Damage(
      name: "the host's end has another rate",
      tc: "qdisc replace dev VETH root handle 1: tbf rate 9mbit burst 25000 limit 50000",
      words: "1125000 bytes/s"),
    Damage(
      name: "the host's end has another burst",
      tc: "qdisc replace dev VETH root handle 1: tbf rate 8mbit burst 26000 limit 50000", words: "26000"),
    Damage(
      name: "the host's end has another limit",
      tc: "qdisc replace dev VETH root handle 1: tbf rate 8mbit burst 25000 limit 50001", words: "50001"),
    Damage(
      name: "the host's end has another qdisc", tc: "qdisc replace dev VETH root handle 9: pfifo", words: "pfifo 9:"),
    Damage(name: "the IFB has no bucket", tc: "qdisc del dev IFB root", words: "IFB"),
    Damage(
      name: "the IFB has another rate",
      tc: "qdisc replace dev IFB root handle 1: tbf rate 7mbit burst 25000 limit 50000",
      words: "875000 bytes/s"),
    Damage(name: "the filter is gone", tc: "filter del dev VETH ingress", words: "filters of VETH"),
    Damage(name: "the ingress is gone", tc: "qdisc del dev VETH ingress", words: "VETH has no ingress"),
    Damage(
      name: "the filter leads elsewhere",
      tc: "filter del dev VETH ingress\nfilter add dev VETH ingress \(redirect) other",
      ip: "link add other type ifb", words: "filters of VETH"),
    Damage(
      name: "the filter takes only some packets",
      tc: """
        filter del dev VETH ingress
        filter add dev VETH ingress protocol ip u32 match u32 0 0 flowid 5c41:1 action mirred egress redirect dev IFB
        """, words: "filters of VETH"),
    Damage(
      name: "there is a filter too much", tc: "filter add dev VETH ingress prio 65000 \(redirect) IFB",
      words: "filters of VETH"),
    Damage(name: "the IFB is gone", ip: "link del IFB", words: "IFB is missing"),
    Damage(name: "the IFB is down", ip: "link set IFB down", words: "IFB is down"),
    Damage(name: "the IFB has another MTU", ip: "link set IFB mtu 1400", words: "MTU"),
  ]

  @Test("it passes after ADD and changes nothing")
  func unharmed() throws {
    let scene = try BandwidthScene()
    try scene.succeed("ADD")
    let before = try scene.state()
    let outcome = try scene.succeed("CHECK")
    #expect(outcome.output.isEmpty)
    try scene.requireUnchanged(since: before)
  }

  @Test("it fails, names the difference and changes nothing; the next ADD repairs it", arguments: damages)
  func damaged(damage: Damage) throws {
    let scene = try BandwidthScene()
    try scene.succeed("ADD")
    let ifb = try scene.ifb()
    func named(_ text: String) -> String {
      text.replacing("VETH", with: scene.veth).replacing("IFB", with: ifb)
    }
    if !damage.ip.isEmpty { try scene.node.namespace.ip(named(damage.ip)) }
    if !damage.tc.isEmpty { try scene.tc(named(damage.tc)) }
    let before = try scene.state()
    let error = try scene.fail("CHECK")
    #expect(error.code == 102)
    #expect(error.message.contains(named(damage.words)))
    #expect(error.message.contains(scene.container.id))
    try scene.requireUnchanged(since: before)
    // A foreign root qdisc is not replaced.
    if damage.tc.contains("pfifo") { try scene.tc("qdisc del dev \(scene.veth) root") }
    try scene.succeed("ADD")
    try scene.succeed("CHECK")
    #expect(limited.contains(try scene.fromContainer().rateNow(bytes: 100_000)))
  }

  @Test(
    "with unshaped subnets it also checks their filters and class",
    arguments: [
      "filter del dev VETH parent 5c41: prio 1", "qdisc replace dev VETH parent 5c41:1 bfifo limit 50001",
      "class change dev VETH parent 5c41: classid 5c41:1 htb rate 9mbit burst 25000 cburst 25000",
      "filter add dev VETH parent 5c41: prio 9 protocol ip u32 match ip src 192.0.2.0/24 flowid 5c41:",
      "filter del dev VETH ingress protocol ip prio 61440",
      "filter add dev VETH ingress prio 100 protocol ip u32 match ip dst 192.0.2.0/24 flowid 5c41:1",
      "qdisc replace dev VETH root handle 1: tbf rate 8mbit burst 25000 limit 50000",
    ])
  func unshaped(line: String) throws {
    let scene = try BandwidthScene()
    let members = #""unshapedSubnets":["198.51.100.0/24","2001:db8:2::/64"],"# + BandwidthScene.both
    try scene.succeed("ADD", members)
    try scene.succeed("CHECK", members)
    try scene.tc(line.replacing("VETH", with: scene.veth))
    let before = try scene.state()
    let error = try scene.fail("CHECK", members)
    #expect(error.code == 102 && error.message.contains(scene.veth))
    try scene.requireUnchanged(since: before)
    try scene.succeed("ADD", members)
    try scene.succeed("CHECK", members)
  }

  @Test("a direction without a limit is not checked")
  func onlyWanted() throws {
    let scene = try BandwidthScene()
    try scene.succeed("ADD", BandwidthScene.egress)
    try scene.tc("qdisc replace dev \(scene.veth) root handle 9: pfifo")
    try scene.succeed("CHECK", BandwidthScene.egress)
  }
}
