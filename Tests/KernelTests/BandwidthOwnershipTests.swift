// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import JSON
import TestSupport
import Testing

@Suite("bandwidth: ownership", .enabled(if: kernelIsThere, "needs privileges to make network namespaces"))
struct BandwidthOwnershipTests {
  private static let slower =
    #""ingressRate":4000000,"ingressBurst":200000,"egressRate":2000000,"egressBurst":200000,"#

  @Test("a repeated ADD changes nothing, and one with other rates changes the buckets in their places")
  func repeated() throws {
    let scene = try BandwidthScene()
    let before = try scene.state()
    try scene.succeed("ADD")
    let added = try scene.state()
    try scene.succeed("ADD")
    try scene.requireUnchanged(since: added)
    let ifb = try scene.ifb()
    try scene.succeed("ADD", Self.slower)
    #expect(try scene.root(scene.veth).rate == 500_000)
    #expect(try scene.root(ifb).rate == 250_000)
    try scene.succeed("CHECK", Self.slower)
    #expect(try scene.fail("CHECK").code == 102)
    try scene.succeed("ADD")
    try scene.requireUnchanged(since: added)
    try scene.succeed("DEL")
    try scene.requireUnchanged(since: before)
  }

  @Test("an ADD that no longer limits a direction takes its limit away")
  func oneDirectionLess() throws {
    let scene = try BandwidthScene()
    try scene.succeed("ADD", BandwidthScene.egress)
    let (egress, ifb) = (try scene.state(), try scene.ifb())
    try scene.succeed("ADD")
    try scene.succeed("ADD", BandwidthScene.egress)
    try scene.requireUnchanged(since: egress)
    try scene.succeed("ADD")
    let outcome = try scene.succeed("ADD", BandwidthScene.ingress)
    #expect(!outcome.outputText.contains(ifb))
    #expect(try scene.root(scene.veth) == BandwidthScene.bucket)
    #expect(try scene.ifbs().isEmpty)
    #expect(try scene.filters(scene.veth).isEmpty)
    #expect(unlimited.contains(try scene.fromContainer().rateNow()))
  }

  @Test("the result has the IFB with its address as the last interface, once", arguments: ["0.4.0", "1.0.0", "1.1.0"])
  func result(version: String) throws {
    let scene = try BandwidthScene()
    let family = version == "0.4.0" ? #""version":"4","# : ""
    let previous = """
      {"cniVersion":"\(version)","interfaces":[{"name":"\(scene.veth)","mac":"02:01:0a:16:00:05"},\
      {"name":"eth0","mac":"02:00:0a:16:00:05","sandbox":"\(scene.container.namespace.path)"}],\
      "ips":[{\(family)"interface":1,"address":"10.22.0.5/16"}],"dns":{}}
      """
    let first = try scene.succeed("ADD", BandwidthScene.both, .init(version: version, prevResult: previous))
    let result = Field(try JSON(parsing: first.output))
    #expect(try result["cniVersion"].string() == version)
    let interfaces = try #require(try result["interfaces"].array())
    let names = try interfaces.map { try $0["name"].string() }
    #expect(try names == [scene.veth, "eth0", scene.ifb()])
    let ifb = try #require(interfaces.last)
    let link = try scene.node.namespace.command("ip", "link", "show", "dev", scene.ifb())
    #expect(link.contains("link/ether \(try #require(try ifb["mac"].string())) "))
    #expect(!ifb["sandbox"].isPresent)
    #expect(try result["ips"].array()?.first?["address"].string() == "10.22.0.5/16")

    let second = try scene.succeed("ADD", BandwidthScene.both, .init(version: version, prevResult: first.outputText))
    let again = Field(try JSON(parsing: second.output))
    #expect(again["interfaces"].value == result["interfaces"].value)
    try scene.succeed("CHECK", BandwidthScene.both, .init(version: version, prevResult: first.outputText))
    try scene.succeed("DEL", BandwidthScene.both, .init(version: version, prevResult: first.outputText))
    #expect(try scene.ifbs().isEmpty)
  }

  @Test("an ADD adopts what upstream added, and DEL removes all of it")
  func adoption() throws {
    let scene = try BandwidthScene()
    let before = try scene.state()
    let added = try scene.succeed("ADD", BandwidthScene.both, .init(program: BandwidthScene.peer))
    let ifb = try scene.ifb()
    try scene.succeed("ADD", Self.slower, .init(prevResult: added.outputText))
    #expect(try scene.ifbs() == [ifb])
    #expect(try scene.filters(scene.veth).ranges(of: "Redirect to device").count == 1)
    try scene.succeed("CHECK", Self.slower)
    #expect(try scene.root(scene.veth).rate == 500_000)
    #expect(try scene.root(ifb).rate == 250_000)
    try scene.succeed("DEL", Self.slower, .init(prevResult: added.outputText))
    try scene.requireUnchanged(since: before)
  }

  @Test("what upstream added is removed by a DEL", arguments: [false, true])
  func upstreamAdded(hasResult: Bool) throws {
    let scene = try BandwidthScene()
    let before = try scene.state()
    let added = try scene.succeed("ADD", BandwidthScene.both, .init(program: BandwidthScene.peer))
    try scene.succeed("DEL", BandwidthScene.both, .init(prevResult: hasResult ? added.outputText : nil))
    try scene.requireUnchanged(since: before)
  }

  @Test("what upstream added for another interface than eth0 is removed by a DEL with its result")
  func upstreamAddedElsewhere() throws {
    let scene = try BandwidthScene(networks: [.first, .second])
    let before = try scene.state()
    let second = try scene.node.attach(scene.container, ip: "10.23.0.5", ifName: "net1", network: .second)
    let added = try scene.succeed("ADD", BandwidthScene.both, .init(container: second, program: BandwidthScene.peer))
    try scene.succeed("DEL", BandwidthScene.both, .init(container: second, prevResult: added.outputText))
    #expect(try scene.ifbs().isEmpty)
    try scene.node.namespace.ip("link del \(second.hostInterface)")
    try scene.requireUnchanged(since: before)
  }

  @Test("upstream's CHECK finds what an ADD made")
  func upstreamChecks() throws {
    let scene = try BandwidthScene()
    let added = try scene.succeed("ADD")
    try scene.succeed("CHECK", BandwidthScene.both, .init(prevResult: added.outputText, program: BandwidthScene.peer))
  }

  @Test("upstream's DEL removes the IFB of an ADD, and the next DEL what upstream leaves")
  func upstreamDeleted() throws {
    let scene = try BandwidthScene()
    let before = try scene.state()
    let added = try scene.succeed("ADD")
    try scene.succeed("DEL", BandwidthScene.both, .init(prevResult: added.outputText, program: BandwidthScene.peer))
    #expect(try scene.ifbs().isEmpty)
    try scene.succeed("DEL", BandwidthScene.both, .init(prevResult: added.outputText))
    try scene.requireUnchanged(since: before)
    #expect(try scene.passes())
  }

  @Test(
    "the filter that upstream's DEL leaves, which drops everything, goes with the next ADD or DEL",
    arguments: ["ADD", "DEL"])
  func upstreamLeftovers(verb: String) throws {
    let scene = try BandwidthScene()
    let before = try scene.state()
    // After this both ends have neighbour entries for each other.
    #expect(try scene.passes())
    for verb in ["ADD", "DEL"] { try scene.succeed(verb, BandwidthScene.both, .init(program: BandwidthScene.peer)) }
    #expect(try !scene.passes())
    try scene.succeed(verb)
    #expect(try scene.passes())
    if verb == "ADD" { try scene.succeed("DEL") }
    try scene.requireUnchanged(since: before)
  }

  @Test("two interfaces of a container in a network have an IFB each, and each stays when the other goes")
  func twoInterfaces() throws {
    let scene = try BandwidthScene(networks: [.first, .second])
    let second = try scene.node.attach(scene.container, ip: "10.23.0.5", ifName: "net1", network: .second)
    let before = try scene.state()
    let container = scene.container
    try scene.succeed("ADD")
    try scene.succeed("ADD", Self.slower, .init(container: second))
    #expect(try scene.ifbs().count == 2)
    try scene.succeed("CHECK")
    try scene.succeed("CHECK", Self.slower, .init(container: second))
    try scene.succeed("DEL", Self.slower, .init(container: second))
    #expect(try scene.ifbs().count == 1)
    try scene.succeed("CHECK")
    try scene.succeed("ADD", Self.slower, .init(container: second))
    try scene.succeed("DEL", BandwidthScene.both, .init(container: container))
    #expect(try scene.ifbs().count == 1)
    try scene.succeed("CHECK", Self.slower, .init(container: second))
    try scene.succeed("DEL", Self.slower, .init(container: second))
    try scene.requireUnchanged(since: before)
  }

  /// The same container with another ID, for which the concatenation with its network's name is the same.
  private static func renamed(_ container: Container, _ id: String) -> Container {
    Container(
      namespace: container.namespace, id: id, ifName: container.ifName, address: container.address,
      network: container.network)
  }

  @Test(
    "networks and IDs with the same concatenation have an IFB each, also beside upstream's", arguments: [false, true])
  func runningTogether(isUpstreams: Bool) throws {
    let scene = try BandwidthScene()
    let other = try scene.node.addContainer(ip: "10.22.0.6")
    let before = try scene.state()
    let program = isUpstreams ? BandwidthScene.peer : BandwidthScene.program
    let first = BandwidthScene.Way(container: Self.renamed(scene.container, "1c"), network: "net", program: program)
    let second = BandwidthScene.Way(container: Self.renamed(other, "c"), network: "net1")
    try scene.succeed("ADD", BandwidthScene.both, first)
    try scene.succeed("ADD", Self.slower, second)
    #expect(try scene.ifbs().count == 2)
    let own = BandwidthScene.Way(container: first.container, network: "net")
    if !isUpstreams { try scene.succeed("CHECK", BandwidthScene.both, own) }
    try scene.succeed("CHECK", Self.slower, second)
    for _ in 1...2 { try scene.succeed("DEL", Self.slower, second) }
    #expect(try scene.ifbs().count == 1)
    #expect(try scene.root(scene.veth) == BandwidthScene.bucket)
    try scene.succeed("ADD", Self.slower, second)
    for _ in 1...2 { try scene.succeed("DEL", BandwidthScene.both, own) }
    try scene.succeed("CHECK", Self.slower, second)
    try scene.succeed("DEL", Self.slower, second)
    try scene.requireUnchanged(since: before)
  }
}
