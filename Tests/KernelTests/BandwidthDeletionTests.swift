// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import TestSupport
import Testing

@Suite("bandwidth: DEL", .enabled(if: kernelIsThere, "needs privileges to make network namespaces"))
struct BandwidthDeletionTests {
  @Test(
    "it removes the bucket, the filter, the ingress and the IFB from a veth that stays, whatever its input is",
    arguments: [
      ("what ADD was told", BandwidthScene.both, true, [:]),
      ("no result", BandwidthScene.both, false, [:]),
      ("no rates", "", true, [:]),
      ("neither rates nor a result", "", false, [:]),
      ("an empty CNI_NETNS", BandwidthScene.both, true, ["CNI_NETNS": ""]),
      ("an empty CNI_NETNS, no rates, no result", "", false, ["CNI_NETNS": ""]),
      ("a CNI_NETNS that is gone", BandwidthScene.both, true, ["CNI_NETNS": "/run/netns/gone"]),
      ("a CNI_NETNS that is no namespace", BandwidthScene.both, true, ["CNI_NETNS": "/dev/null"]),
      ("a rate without a burst", #""ingressRate":8000000,"#, true, [:]),
      ("a negative rate", #""ingressRate":-1,"ingressBurst":1,"#, true, [:]),
      ("a rate that is a text", #""runtimeConfig":{"bandwidth":{"ingressRate":"fast"}},"#, true, [:]),
      ("rates that are a list", #""runtimeConfig":{"bandwidth":[]},"#, true, [:]),
      ("subnets that are none", #""unshapedSubnets":["everywhere"],"# + BandwidthScene.both, true, [:]),
      ("other rates", #""egressRate":100000000,"egressBurst":100000000,"#, true, [:]),
    ] as [(String, String, Bool, [String: String])])
  func surviving(told: String, members: String, hasResult: Bool, environment: [String: String]) throws {
    let scene = try BandwidthScene()
    let before = try scene.state()
    try scene.succeed("ADD")
    let previous: String?? = hasResult ? nil : .some(nil)
    let outcome = try scene.succeed("DEL", members, .init(prevResult: previous, environment: environment))
    #expect(outcome.output.isEmpty)
    try scene.requireUnchanged(since: before)
    #expect(unlimited.contains(try scene.toContainer().rateNow()))
    #expect(unlimited.contains(try scene.fromContainer().rateNow()))
    // DEL again, with nothing left to remove.
    try scene.succeed("DEL", members, .init(prevResult: previous, environment: environment))
    try scene.requireUnchanged(since: before)
  }

  @Test(
    "a prevResult that cannot be read does not prevent it", arguments: ["{}", "[]", #"{"cniVersion":"9.9.9"}"#, "7"])
  func brokenResult(result: String) throws {
    let scene = try BandwidthScene()
    let before = try scene.state()
    try scene.succeed("ADD")
    try scene.succeed("DEL", BandwidthScene.both, .init(prevResult: result))
    try scene.requireUnchanged(since: before)
  }

  @Test("without an ADD it does nothing, and foreign qdiscs stay")
  func neverAdded() throws {
    let scene = try BandwidthScene()
    try scene.tc(
      """
      qdisc add dev \(scene.veth) root handle 9: pfifo
      qdisc add dev \(scene.veth) ingress
      filter add dev \(scene.veth) ingress prio 7 protocol ip u32 match ip dst 10.66.0.0/16 flowid 7:1
      """)
    let before = try scene.state()
    try scene.succeed("DEL")
    try scene.succeed("DEL", "", .init(prevResult: .some(nil), environment: ["CNI_NETNS": ""]))
    try scene.requireUnchanged(since: before)
  }

  @Test("if the veth is gone already, the IFB is removed", arguments: [true, false])
  func withoutVeth(hasNamespace: Bool) throws {
    let scene = try BandwidthScene()
    try scene.succeed("ADD")
    try scene.node.namespace.ip("link del \(scene.veth)")
    let environment = hasNamespace ? [:] : ["CNI_NETNS": ""]
    for _ in 1...2 { try scene.succeed("DEL", BandwidthScene.both, .init(environment: environment)) }
    #expect(try scene.ifbs().isEmpty)
  }

  @Test("if the interface was renamed in the container, the IFB's alias tells the veth")
  func renamed() throws {
    let scene = try BandwidthScene()
    let before = try scene.state()
    try scene.succeed("ADD")
    try scene.container.namespace.ip("link set eth0 down\nlink set eth0 name eth9")
    try scene.succeed("DEL")
    try scene.requireUnchanged(since: before)
  }

  @Test("a container that swaps its interfaces' names loses no limits, and a DEL takes those of its attachment")
  func swapped() throws {
    let scene = try BandwidthScene(networks: [.first, .second])
    let before = try scene.state()
    let second = try scene.node.attach(scene.container, ip: "10.23.0.5", ifName: "net1", network: .second)
    let slower = #""ingressRate":4000000,"ingressBurst":200000,"#
    let way = BandwidthScene.Way(container: second)
    try scene.succeed("ADD")
    try scene.succeed("ADD", slower, way)
    let limits = (try scene.root(scene.veth), try scene.root(second.hostInterface))
    try scene.container.namespace.ip(
      """
      link set eth0 down
      link set net1 down
      link set eth0 name x
      link set net1 name eth0
      link set x name net1
      link set eth0 up
      link set net1 up
      """)
    try scene.succeed("CHECK")
    try scene.succeed("CHECK", slower, way)
    // A repeated ADD limits the same interface as the first.
    try scene.succeed("ADD")
    #expect(try scene.root(scene.veth) == limits.0)
    #expect(try scene.root(second.hostInterface) == limits.1)
    try scene.succeed("DEL", slower, way)
    try scene.succeed("CHECK")
    #expect(try scene.root(scene.veth) == limits.0)
    // DEL of an attachment that was never limited removes nothing, whatever its interface is called now.
    try scene.succeed("DEL", "", way)
    try scene.succeed("CHECK")
    try scene.succeed("DEL")
    try scene.node.namespace.ip("link del \(second.hostInterface)")
    try scene.requireUnchanged(since: before)
    #expect(try !scene.node.namespace.command("ip", "link").contains("altname"))
  }

  @Test("without namespace and result the limit towards the container is removed too, because its veth is recorded")
  func ingressWithoutNamespace() throws {
    let scene = try BandwidthScene()
    let before = try scene.state()
    try scene.succeed("ADD", BandwidthScene.ingress)
    try scene.succeed("DEL", "", .init(prevResult: .some(nil), environment: ["CNI_NETNS": ""]))
    try scene.requireUnchanged(since: before)
  }

  @Test("a result with an impossible interface name does not prevent the removal of upstream's IFB")
  func longName() throws {
    let scene = try BandwidthScene()
    try scene.succeed("ADD", BandwidthScene.both, .init(program: BandwidthScene.peer))
    try scene.node.namespace.ip("link del \(scene.veth)")
    let result =
      #"{"cniVersion":"1.0.0","interfaces":[{"name":"\#(String(repeating: "v", count: 300))"},{"name":"a/b"}]}"#
    for _ in 1...2 {
      try scene.succeed("DEL", BandwidthScene.both, .init(prevResult: result, environment: ["CNI_NETNS": ""]))
    }
    #expect(try scene.ifbs().isEmpty)
  }

  @Test("a new veth that has the name of the former is left alone")
  func newVeth() throws {
    let scene = try BandwidthScene()
    try scene.succeed("ADD")
    try scene.node.namespace.ip("link del \(scene.veth)")
    let other = try scene.node.addContainer(ip: "10.22.0.5")
    try scene.succeed("ADD", BandwidthScene.ingress, .init(container: other))
    try scene.succeed("DEL", BandwidthScene.both, .init(environment: ["CNI_NETNS": ""]))
    #expect(try scene.ifbs().isEmpty)
    try scene.succeed("CHECK", BandwidthScene.ingress, .init(container: other))
  }

  @Test("if the IFB is gone already, the rest is removed, and the container can send again", arguments: [true, false])
  func withoutIFB(hasRates: Bool) throws {
    let scene = try BandwidthScene()
    let before = try scene.state()
    try scene.succeed("ADD")
    // After this both ends have neighbour entries for each other.
    #expect(try scene.passes())
    try scene.node.namespace.ip("link del \(scene.ifb())")
    #expect(try !scene.passes())
    try scene.succeed("DEL", hasRates ? BandwidthScene.both : "")
    try scene.requireUnchanged(since: before)
    #expect(try scene.passes())
  }

  @Test("a packet that waits in a bucket while it is removed does no harm")
  func underLoad() throws {
    let scene = try BandwidthScene()
    let before = try scene.state()
    try scene.succeed("ADD")
    let (down, up) = (try scene.toContainer(), try scene.fromContainer())
    #expect(limited.contains(try down.rateNow(bytes: 100_000)))
    #expect(limited.contains(try up.rateNow(bytes: 100_000)))
    try scene.succeed("DEL")
    // TCP needs time to become faster again on connections that were slow.
    for flow in [down, up] { #expect(try flow.rateNow(bytes: 200_000) > 1e6) }
    #expect(unlimited.contains(try scene.toContainer().rateNow()))
    #expect(unlimited.contains(try scene.fromContainer().rateNow()))
    try scene.requireUnchanged(since: before)
  }
}
