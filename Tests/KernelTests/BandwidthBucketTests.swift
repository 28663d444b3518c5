// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import JSON
import TestSupport
import Testing

@Suite("bandwidth: buckets", .enabled(if: kernelIsThere, "needs privileges to make network namespaces"))
struct BandwidthBucketTests {
  /// A rate and a burst in bits, and the values in bytes that tc prints for them.
  struct Sample: Sendable, CustomTestStringConvertible {
    let rate: UInt64
    let burst: UInt64
    let bytesPerSecond: UInt64
    let burstBytes: UInt64
    let limit: UInt64
    var testDescription: String { "\(rate) bit/s with a burst of \(burst) bits" }

    init(_ rate: UInt64, _ burst: UInt64, _ bytesPerSecond: UInt64, _ burstBytes: UInt64, _ limit: UInt64) {
      self.rate = rate
      self.burst = burst
      self.bytesPerSecond = bytesPerSecond
      self.burstBytes = burstBytes
      self.limit = limit
    }

    /// The rounding of a burst by tc: the kernel reports time in units of 64 ns, and tc rounds it to microseconds.
    var precision: UInt64 { bytesPerSecond / 500_000 + 1 }
  }

  @Test(
    "bits become bytes, rates have 64 bits, and values that are too large become the largest possible",
    arguments: [
      Sample(8_000_000, 200_000, 1_000_000, 25_000, 50_000),
      Sample(8_000_007, 200_007, 1_000_000, 25_000, 50_000),
      Sample(1_000_000, 12_112, 125_000, 1514, 4639),
      // The largest burst that the kernel reports exactly: what the rate sends in 2³² − 1 units of 64 ns.
      Sample(1000, 2_147_483_647, 125, 34_359, 34_362),
      Sample(8, 16_000, 1, 1514, 1514),
      Sample(10_000_000, 2_147_483_647, 1_250_000, 268_435_455, 268_466_705),
      Sample(1_000_000_000, 4_294_967_295, 125_000_000, 536_870_911, 539_995_911),
      Sample(1_000_000_000, 34_359_738_359, 125_000_000, 4_294_967_294, 4_294_967_295),
      Sample(1_000_000_000, 34_359_738_367, 125_000_000, 4_294_967_295, 4_294_967_295),
      Sample(34_359_738_360, 8_000_000, 4_294_967_295, 1_000_000, 108_374_182),
      Sample(34_359_738_368, 8_000_000, 4_294_967_296, 1_000_000, 108_374_182),
      Sample(50_000_000_000, 1_000_000, 6_250_000_000, 125_000, 156_375_000),
      Sample(100_000_000_000, 34_359_738_352, 12_500_000_000, 4_294_967_294, 4_294_967_295),
      Sample(400_000_000_000_000, 8_000_000_000, 50_000_000_000_000, 1_000_000_000, 4_294_967_295),
      Sample(.max, 8_000_000, 2_305_843_009_213_693_951, 1_000_000, 4_294_967_295),
    ])
  func units(sample: Sample) throws {
    let scene = try BandwidthScene()
    let members = """
      "ingressRate":\(sample.rate),"ingressBurst":\(sample.burst),\
      "egressRate":\(sample.rate),"egressBurst":\(sample.burst),
      """
    try scene.succeed("ADD", members)
    for interface in [scene.veth, try scene.ifb()] {
      let bucket = try scene.root(interface)
      #expect(bucket.kind == "tbf" && bucket.handle == "1:")
      #expect(bucket.rate == sample.bytesPerSecond)
      #expect(bucket.limit == sample.limit)
      // tc computes the burst from the kernel's time for it, of which only 32 bits are reported.
      if sample.burstBytes < sample.bytesPerSecond.multipliedReportingOverflow(by: 274).partialValue {
        let burst = try #require(bucket.burst)
        #expect(burst <= sample.burstBytes && sample.burstBytes - burst <= sample.precision)
      }
    }
    try scene.succeed("CHECK", members)
    // A byte per second would be used up by the kernels' own packets.
    if sample.rate > 8 { #expect(try scene.passes(bytes: 1500)) }
  }

  @Test(
    "for ordinary values all buckets are equal to upstream's",
    arguments: [
      (1_000_000, 80_000), (8_000_000, 200_000), (100_000_000, 10_000_000), (1_000_000_000, 8_000_000),
      (10_000_000_000, 80_000_000), (50_000_000, 2_147_483_647),
    ])
  func peer(rate: Int, burst: Int) throws {
    let members = #""ingressRate":\#(rate),"ingressBurst":\#(burst),"egressRate":\#(rate),"egressBurst":\#(burst),"#
    func made(by program: Program) throws -> (ifb: [String], buckets: [Bucket]) {
      let scene = try BandwidthScene()
      // The name of the IFB depends on the container's ID.
      let container = Container(
        namespace: scene.container.namespace, id: "0123456789ab", address: scene.container.address)
      try scene.succeed("ADD", members, .init(container: container, program: program))
      let ifb = try scene.ifb()
      let text = try scene.node.namespace.command("ip", "-j", "link", "show", "dev", ifb)
      let link = try #require(try Field(JSON(parsing: Array(text.utf8))).array()?.first)
      return (
        ["ifname", "mtu", "qdisc", "flags"].map { "\(String(describing: link[$0].value))" },
        try [scene.veth, ifb].map { try scene.root($0) }
      )
    }
    let (own, peers) = (try made(by: BandwidthScene.program), try made(by: BandwidthScene.peer))
    #expect(own.ifb == peers.ifb)
    for (bucket, other) in zip(own.buckets, peers.buckets) {
      let (burst, otherBurst) = (try #require(bucket.burst), try #require(other.burst))
      var same = bucket
      same.burst = otherBurst
      #expect(same == other)
      // Upstream truncates where the kernel rounds.
      #expect(max(burst, otherBurst) - min(burst, otherBurst) <= UInt64(rate) / 8 / 500_000)
    }
  }

  @Test(
    "a burst smaller than a packet is raised with a note on stderr, and a full-size packet passes",
    arguments: [1500, 9000])
  func smallBurst(mtu: Int) throws {
    let scene = try BandwidthScene()
    try scene.node.namespace.ip("link set cni0 mtu \(mtu)\nlink set \(scene.veth) mtu \(mtu)")
    try scene.container.namespace.ip("link set eth0 mtu \(mtu)")
    let members = #""ingressRate":8000000,"ingressBurst":8000,"egressRate":8000000,"egressBurst":8,"#
    let outcome = try scene.succeed("ADD", members)
    for words in ["ingressBurst: 1000 bytes", "egressBurst: 1 bytes", "raised"] {
      #expect(outcome.errorText.contains(words))
    }
    #expect(outcome.errorText.contains("\(mtu + 14)"))
    for interface in [scene.veth, try scene.ifb()] {
      let burst = try #require(try scene.root(interface).burst)
      // tc rounds it to whole microseconds.
      #expect((mtu + 13...mtu + 14).contains(Int(burst)))
      #expect(try scene.root(interface).limit == UInt64(mtu) + 14 + 25_000)
    }
    #expect(try scene.passes(bytes: mtu))
    let check = try scene.succeed("CHECK", members)
    #expect(check.errorText.isEmpty)
  }

  @Test("a burst of exactly one packet is not raised, and there is no note")
  func exactBurst() throws {
    let scene = try BandwidthScene()
    let outcome = try scene.succeed("ADD", #""ingressRate":8000000,"ingressBurst":12112,"#)
    #expect(outcome.errorText.isEmpty)
    #expect(try scene.root(scene.veth).limit == 1514 + 25_000)
  }

  @Test("maxBurst limits bursts, and latency limits how long packets wait")
  func options() throws {
    let scene = try BandwidthScene()
    let rates = #""ingressRate":8000000,"ingressBurst":2147483647,"egressRate":8000000,"egressBurst":160000,"#
    let members = #""maxBurst":400000,"latency":100,"# + rates
    try scene.succeed("ADD", members)
    let expected = Bucket(kind: "tbf", handle: "1:", rate: 1_000_000, burst: 50_000, limit: 150_000)
    #expect(try scene.root(scene.veth) == expected)
    let ifb = Bucket(kind: "tbf", handle: "1:", rate: 1_000_000, burst: 20_000, limit: 120_000)
    #expect(try scene.root(scene.ifb()) == ifb)
    try scene.succeed("CHECK", members)
    #expect(try scene.fail("CHECK", rates).code == 102)
  }

  @Test("rates in the configuration replace all those of the runtime")
  func precedence() throws {
    let scene = try BandwidthScene()
    let runtime = #""egressRate":1000000,"egressBurst":160000,"ingressRate":1000000,"ingressBurst":160000"#
    try scene.succeed("ADD", BandwidthScene.ingress + #""runtimeConfig":{"bandwidth":{\#(runtime)}},"#)
    #expect(try scene.root(scene.veth) == BandwidthScene.bucket)
    #expect(try scene.ifbs().isEmpty)
  }

  @Test("keys are understood as containerd spells them")
  func pascalCase() throws {
    let scene = try BandwidthScene()
    let keys = #""IngressRate":8000000,"IngressBurst":200000,"EgressRate":8000000,"EgressBurst":200000"#
    let members = #""capabilities":{"bandwidth":true},"runtimeConfig":{"bandwidth":{\#(keys)}},"#
    try scene.succeed("ADD", members)
    #expect(try scene.root(scene.veth) == BandwidthScene.bucket)
    #expect(try scene.root(scene.ifb()) == BandwidthScene.bucket)
    try scene.succeed("CHECK", members)
  }

  @Test(
    "without rates the result is passed on and nothing is changed",
    arguments: [
      "", #""runtimeConfig":{},"#, #""runtimeConfig":{"bandwidth":null},"#, #""runtimeConfig":{"bandwidth":{}},"#,
      #""ingressRate":0,"ingressBurst":0,"egressRate":0,"egressBurst":0,"#,
      #""runtimeConfig":{"bandwidth":{"IngressRate":0,"IngressBurst":0,"EgressRate":0,"EgressBurst":0}},"#,
      #""unshapedSubnets":["10.0.0.0/8"],"#,
    ])
  func nothing(members: String) throws {
    let scene = try BandwidthScene()
    let before = try scene.state()
    let outcome = try scene.succeed("ADD", members)
    let result = Field(try JSON(parsing: outcome.output))
    let previous = Field(try JSON(parsing: Array(scene.container.prevResult.utf8)))
    for name in ["interfaces", "ips", "routes"] { #expect(result[name].value == previous[name].value) }
    try scene.succeed("CHECK", members)
    try scene.requireUnchanged(since: before)
    try scene.succeed("DEL", members)
    try scene.requireUnchanged(since: before)
  }
}
