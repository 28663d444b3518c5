// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CLinux
import TestSupport
import Testing

@testable import Netlink

@Suite struct TokenBucketTests {
  private static let rates: [UInt64] = [
    0, 1, 2, 3, 7, 124, 125, 15_624_999, 15_625_000, 1_000_000_000, 0xffff_fffe, 0xffff_ffff, 0x1_0000_0000, 1 << 61,
    1 << 63, .max - 1, .max,
  ]
  private static let sizes: [UInt32] = [0, 1, 1513, 1514, 65_549, 0x7fff_ffff, 0x8000_0000, .max - 1, .max]

  /// Buckets from edge to edge, and between them.
  private static let buckets: [TokenBucket] = {
    var buckets: [TokenBucket] = []
    for rate in rates {
      for burst in sizes + [TokenBucket.largestBurst(rate: rate)] {
        for limit in [0, .max] as [UInt32] { buckets.append(TokenBucket(rate: rate, burst: burst, limit: limit)) }
      }
    }
    var dice = SeededGenerator(1)
    for _ in 0..<2000 {
      buckets.append(
        TokenBucket(
          rate: dice.number(UInt64.self), burst: dice.number(UInt32.self), limit: dice.number(UInt32.self)))
    }
    return buckets
  }()

  /// The options of a TBF, or of a class of HTB, as they go to the kernel.
  private static func options(_ bucket: TokenBucket, htb: Bool = false) throws -> [UInt8] {
    var message = NetlinkMessage(type: 0)
    if htb { bucket.appendHTB(to: &message) } else { bucket.appendTBF(to: &message) }
    let reply = try #require(NetlinkReply.split(message.bytes(sequence: 0)).first)
    let items = AttributeList(reply.payload).map { $0 }
    try #require(items.map(\.type) == [Int(TCA_OPTIONS)])
    return Array(items[0].value)
  }

  /// A bucket as the kernel tells it.
  private static func read(rate: UInt64, ticks: UInt32, limit: UInt32) throws -> TokenBucket {
    var options = try options(TokenBucket(rate: rate, burst: 0, limit: limit))
    // The ticks stand after two rates and the limit in the first attribute.
    var bytes: [UInt8] = []
    bytes.append(integer: ticks)
    options.replaceSubrange(32..<36, with: bytes)
    return try #require(TokenBucket(tbf: Attributes(options[...])))
  }
}

// MARK: - Arithmetic

extension TokenBucketTests {
  @Test("a rate of nothing is one byte a second, and every other rate is as it was given")
  func leastRate() {
    for rate in Self.rates { #expect(TokenBucket(rate: rate, burst: 1, limit: 1).rate == max(rate, 1)) }
  }

  @Test(
    "a burst comes to the ticks that tc and the kernel have for it",
    arguments: [
      // As in the recordings.
      (1_000_000, 20_000, 312_500), (12_500_000_000, 268_435_455, 335_544),
      // tc qdisc replace dev v0 root handle 1: tbf rate 8bit burst 1514 limit 1514: of it 32 bits are told.
      (1, 1514, 2_181_413_520),
      (1, 0, 0), (1, 1, 15_625_000), (.max, .max, 0), (15_625_000, .max, .max), (125, 34_359, 4_294_875_000),
    ] as [(UInt64, UInt32, UInt32)])
  func ticks(rate: UInt64, burst: UInt32, expected: UInt32) {
    #expect(TokenBucket(rate: rate, burst: burst, limit: 0).ticks == expected)
  }

  @Test(
    "the largest burst is what comes in all the ticks that can be told",
    arguments: [
      (0, 0), (1, 274), (125, 34_359), (1_000_000, 274_877_906), (15_624_999, 4_294_967_020), (15_625_000, .max),
      (15_625_001, .max), (1 << 32, .max), (.max, .max),
    ] as [(UInt64, UInt32)])
  func largestBurst(rate: UInt64, expected: UInt32) {
    #expect(TokenBucket.largestBurst(rate: rate) == expected)
  }

  @Test("the ticks of a burst up to the largest are told whole, whatever the rate")
  func wholeTicks() {
    var dice = SeededGenerator(2)
    for rate in Self.rates.dropFirst() + (0..<2000).map({ _ in max(1, dice.number(UInt64.self)) }) {
      let largest = TokenBucket.largestBurst(rate: rate)
      let whole = UInt64(largest) * 1_000_000_000 / rate / 64
      #expect(UInt64(TokenBucket(rate: rate, burst: largest, limit: 0).ticks) == whole)
    }
  }

  @Test("of any numbers a bucket can be made, sent, read and compared")
  func anything() throws {
    for bucket in Self.buckets {
      let read = try #require(TokenBucket(tbf: Attributes(try Self.options(bucket)[...])))
      #expect(bucket.isSame(as: read))
      let options = try Self.options(bucket, htb: true)
      let htb = try #require(TokenBucket(htb: Attributes(options[...]), limit: bucket.limit))
      #expect(bucket.isSame(as: htb, ticks: bucket.clampedTicks))
      #expect(htb.ticks == (bucket.burst > TokenBucket.largestBurst(rate: bucket.rate) ? .max : bucket.ticks))
      #expect(read.rate == bucket.rate)
      #expect(read.limit == bucket.limit)
      #expect(read.ticks == bucket.ticks)
      // As far as the ticks are whole, only their fraction is missing.
      if bucket.burst > TokenBucket.largestBurst(rate: bucket.rate) { continue }
      #expect(read.burst <= bucket.burst)
      #expect(Double(bucket.burst - read.burst) <= Double(bucket.rate) * 64e-9 + 1)
    }
  }

  @Test("a bucket is not the one with another rate or limit")
  func others() throws {
    let bucket = TokenBucket(rate: 1000, burst: 2000, limit: 3000)
    #expect(bucket.isSame(as: try Self.read(rate: 1000, ticks: bucket.ticks, limit: 3000)))
    for (rate, limit) in [(999, 3000), (1001, 3000), (1000, 2999), (1000, 3001)] as [(UInt64, UInt32)] {
      #expect(!bucket.isSame(as: try Self.read(rate: rate, ticks: bucket.ticks, limit: limit)))
    }
  }

  @Test(
    "a bucket is the one that differs by at most two ticks, also around the end of their 32 bits",
    arguments: [TokenBucket(rate: 1, burst: 0, limit: 9), TokenBucket(rate: 15_625_000, burst: .max, limit: 9)])
  func tolerance(bucket: TokenBucket) throws {
    for difference in [0, 1, 2, 3, 4, 1000, 0x8000_0000] as [UInt32] {
      for ticks in [bucket.ticks &+ difference, bucket.ticks &- difference] {
        let read = try Self.read(rate: bucket.rate, ticks: ticks, limit: 9)
        #expect(read.ticks == ticks)
        #expect(bucket.isSame(as: read) == (difference <= 2))
      }
    }
  }

  /// What the kernel has for a burst: psched_ratecfg_precompute in net/sched/sch_generic.c, psched_l2t_ns in
  /// include/net/sch_generic.h.
  private static func kernelTicks(rate: UInt64, burst: UInt32) -> UInt32 {
    var factor: UInt64 = 1_000_000_000
    var shift: UInt64 = 0
    var multiplier: UInt64
    while true {
      multiplier = (factor / rate) & 0xffff_ffff
      if multiplier & 1 << 31 != 0 || factor & 1 << 63 != 0 { break }
      factor <<= 1
      shift += 1
    }
    return UInt32(truncatingIfNeeded: ((UInt64(burst) * multiplier) >> shift) / 64)
  }

  @Test("what the kernel's arithmetic makes of a bucket is the same bucket, to the largest burst")
  func kernelArithmetic() throws {
    #expect(Self.kernelTicks(rate: 12_500_000_000, burst: 268_435_455) == 335_544)
    // tc qdisc replace dev v0 root handle 1: tbf rate 24bit burst 9014 limit 10000
    #expect(Self.kernelTicks(rate: 3, burst: 9014) == 3_998_243_694)
    for bucket in Self.buckets where bucket.burst <= TokenBucket.largestBurst(rate: bucket.rate) {
      let ticks = Self.kernelTicks(rate: bucket.rate, burst: bucket.burst)
      #expect(bucket.isSame(as: try Self.read(rate: bucket.rate, ticks: ticks, limit: bucket.limit)))
    }
  }

  @Test(
    "what the kernel's arithmetic makes of a bucket is the same bucket, for one packet at a low rate",
    arguments: [1500, 9000, 65_535] as [UInt32])
  func kernelArithmeticForOnePacket(mtu: UInt32) throws {
    let different = try (1...300 as ClosedRange<UInt64>).filter { rate in
      let bucket = TokenBucket(rate: rate, burst: mtu + 14, limit: 0)
      let ticks = Self.kernelTicks(rate: rate, burst: bucket.burst)
      return !bucket.isSame(as: try Self.read(rate: rate, ticks: ticks, limit: 0))
    }
    #expect(different.isEmpty)
  }
}

// MARK: - Bytes

extension TokenBucketTests {
  private static let bucket = TokenBucket(rate: 1_000_000, burst: 20_000, limit: 45_000)
  private static let wide = TokenBucket(rate: 12_500_000_000, burst: 268_435_455, limit: 400_000_000)

  /// The attributes in the options of a message.
  private static func options(_ recording: Recording) throws -> [[Int]: [UInt8]] {
    leaves(Array(try recording.reply.attributes(after: 20)[Int(TCA_OPTIONS)] ?? [])[...], nested: [])
  }

  /// struct tc_ratespec without what is about the table of rates, which is not sent here: how it is looked up.
  private static func withoutTable(_ rate: ArraySlice<UInt8>) -> [UInt8] {
    var rate = Array(rate)
    rate[0] = 0
    rate.replaceSubrange(4..<6, with: [0, 0])
    return rate
  }

  @Test("a TBF is sent as tc sends it, but for the table of rates")
  func tbf() throws {
    var expected = try Self.options(.setTBF)
    let parameters = try #require(expected[[Int(TCA_TBF_PARMS)]])
    expected[[Int(TCA_TBF_PARMS)]] = Self.withoutTable(parameters[..<12]) + parameters[12...]
    #expect(leaves(try Self.options(Self.bucket)[...], nested: []) == expected)
  }

  @Test("a TBF whose rate takes more than 32 bits is sent as tc sends it, but for the table of rates and its ticks")
  func wideTBF() throws {
    var expected = try Self.options(.setWideTBF)
    let parameters = try #require(expected[[Int(TCA_TBF_PARMS)]])
    // tc reckons the ticks with a rate cut to 32 bits; the kernel goes by TCA_TBF_BURST.
    expected[[Int(TCA_TBF_PARMS)]] =
      Self.withoutTable(parameters[..<12]) + parameters[12..<28] + [0xb8, 0x1e, 0x05, 0] + parameters[32...]
    #expect(leaves(try Self.options(Self.wide)[...], nested: []) == expected)
  }

  @Test("a class of HTB is sent as tc sends it, but for the tables of rates")
  func htb() throws {
    var expected = try Self.options(.addClass)
    let parameters = try #require(expected[[Int(TCA_HTB_PARMS)]])
    expected[[Int(TCA_HTB_PARMS)]] =
      Self.withoutTable(parameters[..<12]) + Self.withoutTable(parameters[12..<24]) + parameters[24...]
    #expect(leaves(try Self.options(Self.bucket, htb: true)[...], nested: []) == expected)
  }

  @Test("a class of HTB whose rate takes more than 32 bits is sent as tc sends it, but for the tables and its rounding")
  func wideHTB() throws {
    var expected = try Self.options(.addWideClass)
    let parameters = try #require(expected[[Int(TCA_HTB_PARMS)]])
    // tc rounds the time to microseconds.
    let ticks: [UInt8] = [0xb8, 0x1e, 0x05, 0]
    expected[[Int(TCA_HTB_PARMS)]] =
      Self.withoutTable(parameters[..<12]) + Self.withoutTable(parameters[12..<24]) + ticks + ticks + parameters[32...]
    #expect(leaves(try Self.options(Self.wide, htb: true)[...], nested: []) == expected)
  }

  @Test("a rate is sent with 64 bits only if it does not fit into 32")
  func wideRates() throws {
    for (rate, isWide) in [(0xffff_fffe, false), (0xffff_ffff, false), (0x1_0000_0000, true)] as [(UInt64, Bool)] {
      let bucket = TokenBucket(rate: rate, burst: 1, limit: 1)
      let tbf = leaves(try Self.options(bucket)[...], nested: [])
      #expect((tbf[[Int(TCA_TBF_RATE64)]] != nil) == isWide)
      let htb = leaves(try Self.options(bucket, htb: true)[...], nested: [])
      #expect((htb[[Int(TCA_HTB_RATE64)]] != nil) == isWide)
      #expect((htb[[Int(TCA_HTB_CEIL64)]] != nil) == isWide)
    }
  }

  @Test("what the kernel tells of a TBF is the bucket that was sent")
  func readTBF() throws {
    for (bucket, recording) in [(Self.bucket, Recording.tbf), (Self.wide, .wideTBF)] {
      let attributes = try recording.reply.attributes(after: TrafficHeader.length)
      let read = try #require(TokenBucket(tbf: attributes.nested(Int(TCA_OPTIONS))))
      #expect(bucket.isSame(as: read))
      #expect(read.rate == bucket.rate)
      #expect(read.limit == bucket.limit)
      #expect(bucket.burst - read.burst < 800)
    }
  }

  @Test("what the kernel tells of a class of HTB is the bucket that was sent")
  func readHTB() throws {
    let attributes = try Recording.htbClass.reply.attributes(after: TrafficHeader.length)
    let read = try #require(TokenBucket(htb: attributes.nested(Int(TCA_OPTIONS)), limit: 45_000))
    #expect(read == Self.bucket)
    let wide = try Recording.wideClass.reply.attributes(after: TrafficHeader.length)
    let readWide = try #require(TokenBucket(htb: wide.nested(Int(TCA_OPTIONS)), limit: 7))
    #expect(readWide.rate == Self.wide.rate)
    // As tc has rounded it.
    #expect(readWide.ticks == 335_531)
    #expect(readWide.limit == 7)
  }

  @Test("the rate of 64 bits goes before that of 32, and one that is cut short does not count")
  func wideRateCutShort() throws {
    for htb in [false, true] {
      let options = try Self.options(Self.wide, htb: htb)
      let type = Int(htb ? TCA_HTB_RATE64 : TCA_TBF_RATE64)
      var message = NetlinkMessage(type: 0)
      for (other, value) in AttributeList(options[...]) {
        message.attribute(other, Array(other == type ? value.prefix(7) : value))
      }
      let cut = Attributes(message.bytes(sequence: 0).dropFirst(16))
      let read = htb ? TokenBucket(htb: cut, limit: 0) : TokenBucket(tbf: cut)
      #expect(read?.rate == 0xffff_ffff)
    }
  }
}

// MARK: - What is broken

extension TokenBucketTests {
  @Test("options that are cut short at any byte are read as far as they are whole, or not at all")
  func truncated() throws {
    for recording in [Recording.tbf, .wideTBF, .htbClass, .wideClass, .setTBF, .setWideTBF, .addClass, .addWideClass] {
      let options = Array(try #require(try recording.reply.attributes(after: TrafficHeader.length)[Int(TCA_OPTIONS)]))
      for count in 0...options.count {
        let attributes = Attributes(options.prefix(count))
        let isTBF = TokenBucket(tbf: attributes) != nil
        let isHTB = TokenBucket(htb: attributes, limit: 0) != nil
        // The parameters are the first attribute, but where tc puts the rates of 64 bits before them.
        if count < 28 { #expect(!isTBF && !isHTB) }
      }
    }
  }

  @Test("parameters that are cut short are no bucket")
  func shortParameters() throws {
    for (htb, least) in [(false, 32), (true, 28)] {
      let type = htb ? TCA_HTB_PARMS : TCA_TBF_PARMS
      for count in 0...40 {
        var message = NetlinkMessage(type: 0)
        message.attribute(Int(type), [UInt8](repeating: 1, count: count))
        let attributes = Attributes(message.bytes(sequence: 0).dropFirst(16))
        let read = htb ? TokenBucket(htb: attributes, limit: 0) : TokenBucket(tbf: attributes)
        #expect((read != nil) == (count >= least))
      }
    }
  }

  @Test("whatever bytes come as options, reading them ends")
  func noise() {
    var dice = SeededGenerator(3)
    for _ in 0..<2000 {
      var message = NetlinkMessage(type: 0)
      for type in 0..<UInt16(8) { message.attribute(type, dice.bytes(Int(dice.next() % 50))) }
      for bytes in [message.bytes(sequence: 0).dropFirst(16), dice.bytes(60)[...]] {
        let attributes = Attributes(bytes)
        for bucket in [TokenBucket(tbf: attributes), TokenBucket(htb: attributes, limit: 0)] {
          guard let bucket else { continue }
          #expect(bucket.isSame(as: bucket))
        }
      }
    }
  }
}
