// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI
import CallSupport
import JSON
import Netlink
import Testing

@testable import Bandwidth

@Suite struct BandwidthOptionsTests {
  private static let directions = ["ingress", "egress"]
  /// Where rates may stand: what puts them there, and what comes before their names in a path.
  private static let places: [(put: @Sendable (String) -> String, path: String)] = [
    ({ $0 }, ""), ({ Sample.runtime($0) }, "runtimeConfig.bandwidth."),
  ]

  private static func limit(_ direction: String, _ options: BandwidthOptions) -> BandwidthOptions.Limit? {
    direction == "ingress" ? options.ingress : options.egress
  }

  @Test("rates and bursts are read from the configuration, and from what the runtime sends", arguments: 0..<2)
  func read(place: Int) throws {
    let (put, path) = Self.places[place]
    let options = try Sample.options(
      put(#""ingressRate":8000,"ingressBurst":16000,"egressRate":24000,"egressBurst":32000"#))
    #expect(options.ingress == BandwidthOptions.Limit(rate: 8000, burst: 16_000, path: "\(path)ingressBurst"))
    #expect(options.egress == BandwidthOptions.Limit(rate: 24_000, burst: 32_000, path: "\(path)egressBurst"))
    #expect(!options.isEmpty)
  }

  @Test("one direction may be limited alone", arguments: 0..<2, directions)
  func oneDirection(place: Int, direction: String) throws {
    let options = try Sample.options(Self.places[place].put(#""\#(direction)Rate":8000,"\#(direction)Burst":16000"#))
    for other in Self.directions { #expect((Self.limit(other, options) != nil) == (other == direction)) }
    #expect(!options.isEmpty)
  }

  @Test("keys are read whatever the case of their letters", arguments: 0..<2)
  func caseOfKeys(place: Int) throws {
    let options = try Sample.options(
      Self.places[place].put(#""IngressRate":8000,"IngressBurst":16000,"EGRESSRATE":24000,"egressburst":32000"#))
    #expect(options.ingress?.rate == 8000)
    #expect(options.ingress?.burst == 16_000)
    #expect(options.egress?.rate == 24_000)
    #expect(options.egress?.burst == 32_000)
    let more = try Sample.options(
      """
      "RuntimeConfig":{"Bandwidth":{"IngressRate":8000,"IngressBurst":16000}},"MaxBurst":800,"Latency":10,\
      "UnshapedSubnets":["10.0.0.0/8"]
      """)
    let path = "RuntimeConfig.Bandwidth.IngressBurst"
    #expect(more.ingress == BandwidthOptions.Limit(rate: 8000, burst: 800, path: path))
    #expect(more.unshaped == [try #require(Prefix("10.0.0.0/8"))])
  }

  @Test(
    "if any rate or burst stands in the configuration, none of the runtime's counts",
    arguments: [
      #""ingressRate":800,"ingressBurst":1600"#, #""egressRate":800,"egressBurst":1600"#, #""ingressRate":0"#,
      #""ingressBurst":0"#, #""egressRate":0"#, #""egressBurst":0"#, #""EgressBurst":0"#,
    ])
  func precedence(members: String) throws {
    let runtime = Sample.runtime(
      #""ingressRate":8000,"ingressBurst":16000,"egressRate":8000,"egressBurst":16000"#)
    let options = try Sample.options("\(members),\(runtime)")
    for direction in Self.directions {
      #expect(Self.limit(direction, options)?.rate == (members.contains("\"\(direction)Rate\":800") ? 800 : nil))
    }
  }

  @Test("null in the configuration leaves the runtime's rates as they are")
  func nullAbove() throws {
    let runtime = Sample.runtime(#""ingressRate":8000,"ingressBurst":16000"#)
    let options = try Sample.options(#""ingressRate":null,"ingressBurst":null,"egressRate":null,\#(runtime)"#)
    #expect(options.ingress?.rate == 8000)
    #expect(options.egress == nil)
  }

  @Test(
    "what is 0, null or missing is not asked for",
    arguments: [
      "", #""ingressRate":0,"ingressBurst":0"#, #""egressRate":0"#, #""egressBurst":0"#,
      #""ingressRate":0,"ingressBurst":0,"egressRate":0,"egressBurst":0"#, #""ingressRate":null,"ingressBurst":0"#,
      #""egressRate":0.0"#, #""runtimeConfig":null"#, #""runtimeConfig":{"bandwidth":null}"#, Sample.runtime(""),
      Sample.runtime(#""ingressRate":0,"ingressBurst":0,"egressRate":0,"egressBurst":0"#),
      Sample.runtime(#""egressRate":null"#), #""maxBurst":8,"latency":1,"unshapedSubnets":["10.0.0.0/8"]"#,
      #""maxBurst":null,"latency":null,"unshapedSubnets":null"#,
    ])
  func nothing(members: String) throws {
    let options = try Sample.options(members)
    #expect(options.isEmpty)
    #expect(options.ingress == nil)
    #expect(options.egress == nil)
  }

  @Test("a number is taken to the ends of its range", arguments: 0..<2, directions)
  func range(place: Int, direction: String) throws {
    let (put, path) = Self.places[place]
    for (rate, burst) in [
      (8, 1), (8, 34_359_738_367), (UInt64(Int64.max), 34_359_738_367), (1 << 63, 8), (.max, 34_359_738_367),
    ] as [(UInt64, UInt64)] {
      let options = try Sample.options(put(#""\#(direction)Rate":\#(rate),"\#(direction)Burst":\#(burst)"#))
      let expected = BandwidthOptions.Limit(rate: rate, burst: burst, path: "\(path)\(direction)Burst")
      #expect(Self.limit(direction, options) == expected)
    }
  }

  @Test("a burst is cut at the largest that is asked for")
  func maxBurst() throws {
    for (largest, ingress, egress) in [(8, 8, 8), (16_000, 16_000, 16_000), (20_000, 16_000, 20_000)] {
      for place in Self.places {
        let limits = place.put(#""ingressRate":8000,"ingressBurst":16000,"egressRate":8000,"egressBurst":32000"#)
        let options = try Sample.options(#""maxBurst":\#(largest),\#(limits)"#)
        #expect(options.ingress?.burst == UInt64(ingress))
        #expect(options.egress?.burst == UInt64(egress))
      }
    }
    let limits = #""ingressRate":8000,"ingressBurst":34359738367"#
    #expect(try Sample.options(#""maxBurst":34359738367,\#(limits)"#).ingress?.burst == 34_359_738_367)
  }

  @Test("prefixes that are not shaped are networks, each once, in their order; an address is a prefix")
  func unshaped() throws {
    let options = try Sample.options(
      #""unshapedSubnets":["10.1.2.3/8","fd00::5/64","10.0.0.0/8","192.0.2.1","fd00::/64","::/0","0.0.0.0/0"]"#)
    #expect(options.unshaped.map { "\($0)" } == ["10.0.0.0/8", "fd00::/64", "192.0.2.1/32", "::/0", "0.0.0.0/0"])
    #expect(try Sample.options(#""unshapedSubnets":[]"#).unshaped.isEmpty)
  }
}

// MARK: - What cannot be asked for

extension BandwidthOptionsTests {
  private static let wide = "expected a number between 0 and 18446744073709551615"
  private static let burst = "expected a number between 0 and 34359738367"
  private static let prefix = "expected an address or a prefix, such as 192.0.2.0/24"

  /// What cannot be: members, the path of the one that is wrong, and the reason. Those with a rate or burst are for all
  /// directions and places: `#` stands for the direction, `%` for what comes before a name in a path.
  private static let wrong: [(members: String, path: String, reason: String)] = [
    (##""#Rate":-1,"#Burst":8"##, "#Rate", "\(wide), found -1"),
    (##""#Rate":8.5,"#Burst":8"##, "#Rate", "\(wide), found 8.5"),
    (##""#Rate":"8M","#Burst":8"##, "#Rate", #"\#(wide), found "8M""#),
    (##""#Rate":[8],"#Burst":8"##, "#Rate", "\(wide), found a list"),
    (##""#Rate":true,"#Burst":8"##, "#Rate", "\(wide), found true"),
    (##""#Rate":1e30,"#Burst":8"##, "#Rate", "\(wide), found 1e+30"),
    (##""#Rate":18446744073709555712,"#Burst":8"##, "#Rate", "\(wide), found 1.8446744073709556e+19"),
    (##""#Rate":1,"#Burst":8"##, "#Rate", "expected at least 8 bits a second, found 1"),
    (##""#Rate":7,"#Burst":8"##, "#Rate", "expected at least 8 bits a second, found 7"),
    (##""#Burst":8"##, "#Rate", "expected a rate in bits a second, as %#Burst is set, found nothing"),
    (##""#Rate":0,"#Burst":8"##, "#Rate", "expected a rate in bits a second, as %#Burst is set, found 0"),
    (##""#Rate":8"##, "#Burst", "expected a burst in bits, as %#Rate is set, found nothing"),
    (##""#Rate":8,"#Burst":0"##, "#Burst", "expected a burst in bits, as %#Rate is set, found 0"),
    (##""#Rate":8,"#Burst":34359738368"##, "#Burst", "\(burst), found 34359738368"),
    (##""#Rate":8,"#Burst":-8"##, "#Burst", "\(burst), found -8"),
    (##""#Rate":8,"#Burst":{}"##, "#Burst", "\(burst), found an object"),
    (##""#Rate":8,"#Burst":18446744073709551615"##, "#Burst", "\(burst), found 1.8446744073709552e+19"),
    (#""maxBurst":0"#, "maxBurst", "expected a number between 8 and 34359738367, found 0"),
    (#""maxBurst":7"#, "maxBurst", "expected a number between 8 and 34359738367, found 7"),
    (#""maxBurst":34359738368"#, "maxBurst", "expected a number between 8 and 34359738367, found 34359738368"),
    (#""maxBurst":"1M""#, "maxBurst", #"expected a number between 8 and 34359738367, found "1M""#),
    (#""latency":0"#, "latency", "expected a number between 1 and 60000, found 0"),
    (#""latency":60001"#, "latency", "expected a number between 1 and 60000, found 60001"),
    (#""latency":"25ms""#, "latency", #"expected a number between 1 and 60000, found "25ms""#),
    (#""unshapedSubnets":"10.0.0.0/8""#, "unshapedSubnets", #"expected a list, found "10.0.0.0/8""#),
    (#""unshapedSubnets":["10.0.0.0/33"]"#, "unshapedSubnets[0]", #"\#(prefix), found "10.0.0.0/33""#),
    (#""unshapedSubnets":["fd00::","x"]"#, "unshapedSubnets[1]", #"\#(prefix), found "x""#),
    (#""unshapedSubnets":[""]"#, "unshapedSubnets[0]", #"\#(prefix), found """#),
    (#""unshapedSubnets":[null]"#, "unshapedSubnets[0]", "\(prefix), found nothing"),
    (#""unshapedSubnets":[8]"#, "unshapedSubnets[0]", "expected a string, found 8"),
  ]

  /// The same for every direction and place.
  private static let errors: [(members: String, path: String, message: String)] = wrong.flatMap { test in
    guard test.path.contains("#") else { return [(test.members, test.path, "\(test.path): \(test.reason)")] }
    return directions.flatMap { direction in
      places.map { place in
        func filled(_ text: String) -> String {
          text.map { $0 == "#" ? direction : $0 == "%" ? place.path : String($0) }.joined()
        }
        let path = place.path + filled(test.path)
        return (place.put(filled(test.members)), path, "\(path): \(filled(test.reason))")
      }
    }
  }

  @Test("the table has something wrong with every option, at every place")
  func complete() {
    var expected: Set = ["maxBurst", "latency", "unshapedSubnets"]
    for direction in Self.directions {
      for place in Self.places { expected.formUnion(["Rate", "Burst"].map { "\(place.path)\(direction)\($0)" }) }
    }
    #expect(Set(Self.errors.map { $0.path.split(separator: "[").first.map(String.init) ?? "" }) == expected)
    // And these are all that there are.
    let options = try? Sample.options(Sample.limits)
    let members = options.map { Mirror(reflecting: $0).children.map { $0.label ?? "" } }
    #expect(members == ["ingress", "egress", "unshaped", "latency"])
  }

  @Test("what cannot be asked for is told with its path")
  func wrongOptions() throws {
    for (members, path, message) in Self.errors {
      let error = try #require(throws: FieldError.self) { try Sample.options(members) }
      #expect(error.path == path)
      #expect("\(error)" == message)
    }
  }

  @Test("what cannot be asked for is code 7 for ADD, CHECK and STATUS")
  func codes() {
    for (members, _, message) in Self.errors {
      for verb in ["ADD", "CHECK", "STATUS"] {
        let answer = Sample.answer(verb, Sample.config(members))
        #expect(answer.code == 7)
        #expect(answer.message == message)
      }
    }
  }

  @Test("what the runtime sends for the bandwidth must be an object", arguments: ["5", #""8M""#, "[]", "true"])
  func noObject(text: String) {
    let answer = Sample.answer("ADD", Sample.config(#""runtimeConfig":{"bandwidth":\#(text)}"#))
    #expect(answer.message.hasPrefix("runtimeConfig.bandwidth: expected an object"))
  }
}

// MARK: - Buckets

extension BandwidthOptionsTests {
  /// The bucket of a limit, and what was noted.
  private static func bucket(
    rate: UInt64, burst: UInt64, mtu: UInt32 = 1500, latency: Int? = nil
  ) throws -> (bucket: TokenBucket, notes: [String]) {
    let latency = latency.map { #","latency":\#($0)"# } ?? ""
    let options = try Sample.options(#""egressRate":\#(rate),"egressBurst":\#(burst)\#(latency)"#)
    let limit = try #require(options.egress)
    #expect(limit.rate == rate)
    var notes: [String] = []
    let bucket = options.bucket(limit, mtu: mtu) { notes.append($0) }
    return (bucket, notes)
  }

  @Test(
    "bits become bytes, and what comes in 25 ms may wait beside a bucket full, as with upstream",
    arguments: [
      // tc qdisc add dev lo root tbf rate 8mbit burst 20000 latency 25ms: limit 45000
      (8_000_000, 160_000, 1_000_000, 20_000, 45_000), (1_000_000_000, 8_000_000, 125_000_000, 1_000_000, 4_125_000),
      (8_000_007, 160_007, 1_000_000, 20_000, 45_000), (80_000, 800_000, 10_000, 100_000, 100_250),
      (312, 800_000, 39, 10_720, 10_720), (320, 800_000, 40, 10_995, 10_996),
    ] as [(UInt64, UInt64, UInt64, UInt32, UInt32)])
  func bytes(rate: UInt64, burst: UInt64, bytes: UInt64, bucket: UInt32, queue: UInt32) throws {
    let made = try Self.bucket(rate: rate, burst: burst)
    #expect(made.bucket == TokenBucket(rate: bytes, burst: bucket, limit: queue))
    #expect(made.notes.isEmpty)
  }

  @Test(
    "another latency makes another queue",
    arguments: [(1, 21_000), (10, 30_000), (25, 45_000), (1000, 1_020_000), (60_000, 60_020_000)])
  func latency(latency: Int, queue: UInt32) throws {
    let made = try Self.bucket(rate: 8_000_000, burst: 160_000, latency: latency)
    #expect(made.bucket == TokenBucket(rate: 1_000_000, burst: 20_000, limit: queue))
  }

  @Test(
    "what does not fit into the kernel's numbers is cut at their end",
    arguments: [
      // What kubelet and containerd send for a burst that nobody asked for.
      (1000, 2_147_483_647, 125, 34_359, 34_362),
      (100_000_000_000, 34_359_738_352, 12_500_000_000, 4_294_967_294, .max),
      (8_000_000_000, 34_359_738_367, 1_000_000_000, .max, .max), (.max, 160_000, .max / 8, 20_000, .max),
      (.max, 34_359_738_367, .max / 8, .max, .max),
    ] as [(UInt64, UInt64, UInt64, UInt32, UInt32)])
  func saturation(rate: UInt64, burst: UInt64, bytes: UInt64, bucket: UInt32, queue: UInt32) throws {
    let made = try Self.bucket(rate: rate, burst: burst)
    #expect(made.bucket == TokenBucket(rate: bytes, burst: bucket, limit: queue))
    #expect(made.notes.isEmpty)
    let slow = try Self.bucket(rate: .max, burst: burst, latency: 60_000)
    #expect(slow.bucket.limit == .max)
  }

  @Test(
    "a burst that is less than a packet is raised to one, and that is noted",
    arguments: [
      (7, 1500, 1514), (8, 1500, 1514), (12_111, 1500, 1514), (12_112, 1500, 1514), (12_120, 1500, 1515),
      (72_104, 9000, 9014), (72_112, 9000, 9014), (656, 68, 82), (8, 0, 14), (112, 0, 14), (160_000, 65_535, 65_549),
      (800_000, 65_535, 100_000), (160_000, .max - 14, .max), (160_000, .max - 13, .max), (160_000, .max, .max),
    ] as [(UInt64, UInt32, UInt32)])
  func raised(burst: UInt64, mtu: UInt32, expected: UInt32) throws {
    let made = try Self.bucket(rate: 1_000_000_000, burst: burst, mtu: mtu)
    #expect(made.bucket.burst == expected)
    #expect(made.bucket.limit >= expected)
    let note = "egressBurst: \(burst / 8) bytes are less than a packet of \(expected) bytes: raised to that"
    #expect(made.notes == (burst / 8 < expected ? [note] : []))
  }

  @Test("a note tells where the burst stands")
  func noted() throws {
    let options = try Sample.options(Sample.runtime(#""IngressRate":8000,"IngressBurst":8000"#))
    var notes: [String] = []
    _ = options.bucket(try #require(options.ingress), mtu: 1500) { notes.append($0) }
    let path = "runtimeConfig.bandwidth.IngressBurst"
    #expect(notes == ["\(path): 1000 bytes are less than a packet of 1514 bytes: raised to that"])
  }

  @Test("of any numbers there is a bucket that a packet passes, and a queue that holds it")
  func anything() throws {
    let options = try Sample.options(#""latency":60000,\#(Sample.limits)"#)
    var random = SystemRandomNumberGenerator()
    let edges: [UInt64] = [8, 9, 15, 16, 1000, 1 << 32, 1 << 35, 1 << 61, 1 << 63, .max]
    for index in 0..<5000 {
      let rate = index < edges.count ? edges[index] : max(8, random.next() >> (random.next() % 64))
      let burst = min(1 << 35 - 1, random.next() >> (random.next() % 64))
      let mtu = UInt32(truncatingIfNeeded: random.next()) >> UInt32(random.next() % 32)
      let limit = BandwidthOptions.Limit(rate: rate, burst: burst, path: "x")
      var notes: [String] = []
      let bucket = options.bucket(limit, mtu: mtu) { notes.append($0) }
      let packet = min(UInt64(mtu) + 14, UInt64(UInt32.max))
      let context: Comment = "rate \(rate), burst \(burst), MTU \(mtu)"
      #expect(bucket.rate == rate / 8, context)
      #expect(UInt64(bucket.burst) >= packet, context)
      #expect(bucket.limit >= bucket.burst, context)
      #expect(notes.count <= 1, context)
      if notes.isEmpty { #expect(UInt64(bucket.burst) <= burst / 8, context) }
      if !notes.isEmpty { #expect(UInt64(bucket.burst) == packet, context) }
    }
  }
}
