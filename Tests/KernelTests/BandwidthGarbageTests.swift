// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import TestSupport
import Testing

@Suite("bandwidth: GC and STATUS", .enabled(if: kernelIsThere, "needs privileges to make network namespaces"))
struct BandwidthGarbageTests {
  /// The scene's container and another one in network "test", one in network "test2", one that upstream has shaped, whose IFB has
  /// no alias, and a foreign IFB.
  private struct Place {
    let scene: BandwidthScene
    let stale: Container
    let other: Container
    /// Kept, because its veth is removed with it.
    let foreign: Container
    let names: [String: String]

    init() throws {
      let scene = try BandwidthScene()
      self.scene = scene
      stale = try scene.node.addContainer(ip: "10.22.0.6")
      other = try scene.node.addContainer(ip: "10.22.0.7")
      var names: [String: String] = [:]
      func add(_ key: String, _ way: BandwidthScene.Way) throws {
        let before = try scene.ifbs()
        try scene.succeed("ADD", BandwidthScene.both, way)
        names[key] = try scene.ifbs().first { !before.contains($0) }
      }
      try add("kept", .init())
      try add("stale", .init(container: stale))
      try add("other", .init(container: other, network: "test2"))
      foreign = try scene.node.addContainer(ip: "10.22.0.8")
      try add("peer's", .init(container: foreign, program: BandwidthScene.peer))
      try scene.node.namespace.ip("link add bwpsomebody type ifb\nlink set bwpsomebody alias test/with/slashes")
      names["somebody's"] = "bwpsomebody"
      self.names = names
    }

    /// Runs GC of network "test", and returns the IFBs that are left.
    func collect(_ members: String) throws -> (left: Set<String>, errors: String) {
      let environment = ["CNI_CONTAINERID": "", "CNI_NETNS": "", "CNI_IFNAME": ""]
      let way = BandwidthScene.Way(version: "1.1.0", prevResult: .some(nil), environment: environment)
      let outcome = try scene.succeed("GC", members, way)
      #expect(outcome.output.isEmpty)
      let ifbs = try scene.ifbs()
      return (Set(names.filter { ifbs.contains($0.value) }.keys), outcome.errorText)
    }
  }

  @Test(
    "attachments that the list lacks lose their IFB and the qdiscs of their veth; other networks and foreign IFBs stay",
    arguments: ["valid-attachments", "attachments"])
  func list(key: String) throws {
    let place = try Place()
    let scene = place.scene
    let list = #""cni.dev/\#(key)":[{"containerID":"\#(scene.container.id)","ifname":"eth0"}],"#
    #expect(try place.collect(list).left == ["kept", "other", "peer's", "somebody's"])
    try scene.succeed("CHECK")
    try scene.succeed("CHECK", BandwidthScene.both, .init(container: place.other, network: "test2"))
    let qdiscs = try scene.node.namespace.command("tc", "qdisc", "show", "dev", place.stale.hostInterface)
    #expect(!qdiscs.contains("tbf") && !qdiscs.contains("ingress"))
    let flow = try Flow(
      from: place.stale.namespace, to: scene.node.namespace, "\(place.stale.network.gateway.address)")
    #expect(unlimited.contains(try flow.rateNow()))
  }

  @Test("null and an empty list mean that nothing is valid", arguments: ["null", "[]"])
  func nothingValid(value: String) throws {
    let place = try Place()
    let left = try place.collect(#""cni.dev/valid-attachments":\#(value),"#).left
    #expect(left == ["other", "peer's", "somebody's"])
  }

  @Test("without a list nothing is removed, with a note on stderr")
  func noList() throws {
    let place = try Place()
    let before = try place.scene.state()
    #expect(try place.collect("").errors.contains("nothing removed"))
    try place.scene.requireUnchanged(since: before)
  }

  @Test("an entry with another interface does not keep the container's, and rates that are wrong do no harm")
  func otherInterface() throws {
    let place = try Place()
    let id = place.scene.container.id
    let list = #""ingressRate":-1,"cni.dev/valid-attachments":[{"containerID":"\#(id)","ifname":"eth1"}],"#
    #expect(try place.collect(list).left == ["other", "peer's", "somebody's"])
  }

  @Test("an IFB whose veth is gone is removed")
  func withoutVeth() throws {
    let place = try Place()
    let scene = place.scene
    try scene.node.namespace.ip("link del \(scene.veth)\nlink del \(place.stale.hostInterface)")
    #expect(try place.collect(#""cni.dev/valid-attachments":[],"#).left == ["other", "peer's", "somebody's"])
  }

  @Test("an IFB that a killed ADD left is removed, and those of other networks stay")
  func killed() throws {
    let scene = try BandwidthScene()
    let before = try scene.state()
    let environment = ["CNI_CONTAINERID": "", "CNI_NETNS": "", "CNI_IFNAME": ""]
    func collect(_ network: String) throws {
      try scene.succeed(
        "GC", #""cni.dev/valid-attachments":[],"#,
        .init(network: network, version: "1.1.0", prevResult: .some(nil), environment: environment))
    }
    var left = 0
    for request in 1...14 {
      let fault = "inject=sendto:signal=KILL:when=\(request)"
      _ = try scene.call(
        "ADD", BandwidthScene.egress, .init(wrapper: ["strace", "-o", "/dev/null", "-e", "trace=sendto", "-e", fault]))
      let names = try scene.ifbs()
      left += names.count
      try collect("other")
      #expect(try scene.ifbs() == names)
      try collect("test")
      #expect(try scene.ifbs() == [])
      try scene.succeed("DEL", "")
      try scene.requireUnchanged(since: before, "request \(request)")
    }
    #expect(left > 3)
  }

  @Test("hundreds of IFBs are removed at once, and interfaces of a group in use stay")
  func many() throws {
    let scene = try BandwidthScene()
    let before = try scene.state()
    try scene.node.namespace.ip("link add mine type veth peer name yours\nlink set mine group 1077936128")
    let added = try scene.state()
    let lines = (0..<300).flatMap {
      ["link add bwp\($0) type ifb", "link set bwp\($0) alias \"test/id\($0)/eth0 gone\(0)\""]
    }
    try scene.node.namespace.ip(lines.joined(separator: "\n"))
    #expect(try scene.ifbs().count == 300)
    let environment = ["CNI_CONTAINERID": "", "CNI_NETNS": "", "CNI_IFNAME": ""]
    let list = #""cni.dev/valid-attachments":[{"containerID":"id7","ifname":"eth0"}],"#
    let way = BandwidthScene.Way(version: "1.1.0", prevResult: .some(nil), environment: environment)
    let started = monotonicNanoseconds()
    try scene.succeed("GC", list, way)
    // One after another they take at least 10 ms each.
    #expect(monotonicNanoseconds() - started < 3_000_000_000)
    #expect(try scene.ifbs() == ["bwp7"])
    try scene.succeed("GC", #""cni.dev/valid-attachments":[],"#, way)
    try scene.requireUnchanged(since: added)
    try scene.node.namespace.ip("link del mine")
    try scene.requireUnchanged(since: before)
  }

  @Test("STATUS is ready here and changes nothing, is 50 without the capability, and 7 with options that are wrong")
  func status() throws {
    let scene = try BandwidthScene()
    let before = try scene.state()
    let environment = ["CNI_CONTAINERID": "", "CNI_NETNS": "", "CNI_IFNAME": ""]
    var way = BandwidthScene.Way(version: "1.1.0", prevResult: .some(nil), environment: environment)
    #expect(try scene.succeed("STATUS", "", way).output.isEmpty)
    try scene.succeed("STATUS", BandwidthScene.both, way)
    try scene.succeed("STATUS", #""unshapedSubnets":["192.0.2.0/24","2001:db8::/32"],"# + BandwidthScene.both, way)
    let wrong = try scene.fail("STATUS", #""maxBurst":"much","#, way)
    #expect(wrong.code == 7 && wrong.message.contains("maxBurst"))
    way.wrapper = ["setpriv", "--bounding-set", "-net_admin", "--inh-caps", "-all"]
    let refused = try scene.fail("STATUS", "", way)
    #expect(refused.code == 50 && !refused.message.isEmpty)
    try scene.requireUnchanged(since: before)
  }
}
