// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import Testing

@testable import Netlink

@Suite struct SelectiveBucketTests {
  private static let handle = TrafficHandle(0x5c41)
  private static let bucket = TokenBucket(rate: 1_000_000, burst: 20_000, limit: 45_000)

  private static func selective(
    _ sources: [String], handle: TrafficHandle = handle, bucket: TokenBucket = bucket
  ) throws -> SelectiveBucket {
    SelectiveBucket(bucket, except: try sources.map { try #require(Prefix($0)) }, handle: handle)
  }

  @Test("what comes from the prefixes goes to the qdisc itself, in their order, IPv4 first")
  func direct() throws {
    let selective = try Self.selective(["fd00::/8", "10.0.0.0/8", "0.0.0.0/0"])
    let expected = try ["10.0.0.0/8", "0.0.0.0/0", "fd00::/8"].map { text in
      TrafficFilter.Rule.pass(from: try #require(Prefix(text)), classID: Self.handle)
    }
    #expect(selective.direct == expected)
    #expect(selective.bucket == Self.bucket)
    #expect(selective.direct.allSatisfy { $0.target == nil && $0.classID.minor == 0 })
  }

  @Test("without prefixes nothing is direct")
  func nothing() throws {
    #expect(try Self.selective([]).direct.isEmpty)
  }

  @Test("the same bucket with the same prefixes is the same")
  func same() throws {
    let selective = try Self.selective(["10.0.0.0/8", "fd00::/8"])
    #expect(selective.isSame(as: try Self.selective(["10.0.0.0/8", "fd00::/8"])))
    // Its host part is no part of a prefix.
    #expect(selective.isSame(as: try Self.selective(["10.1.2.3/8", "fd00::5/8"])))
  }

  @Test("a bucket that differs only by the kernel's rounding is the same, and not what differs by more")
  func rounding() throws {
    let selective = try Self.selective(["10.0.0.0/8"])
    // A byte takes 15.6 ticks at this rate, so that none within the tolerance is another burst.
    for (burst, isSame) in [(20_000, true), (19_999, false), (20_001, false)] as [(UInt32, Bool)] {
      let bucket = TokenBucket(rate: 1_000_000, burst: burst, limit: 45_000)
      #expect(selective.isSame(as: try Self.selective(["10.0.0.0/8"], bucket: bucket)) == isSame)
    }
    let fast = TokenBucket(rate: 12_500_000_000, burst: 268_435_455, limit: 9)
    // 800 bytes a tick.
    for (burst, isSame) in [(268_434_000, true), (268_432_000, false)] as [(UInt32, Bool)] {
      let read = TokenBucket(rate: fast.rate, burst: burst, limit: 9)
      let isFound = try Self.selective([], bucket: fast).isSame(as: try Self.selective([], bucket: read))
      #expect(isFound == isSame)
    }
  }

  @Test("other prefixes, another order of them, or another qdisc are not the same")
  func others() throws {
    let selective = try Self.selective(["10.0.0.0/8", "fd00::/8"])
    for sources in [
      [], ["10.0.0.0/8"], ["fd00::/8"], ["10.0.0.0/9", "fd00::/8"],
      ["10.0.0.0/8", "fd00::/8", "fd00::/8"],
    ] {
      #expect(!selective.isSame(as: try Self.selective(sources)))
    }
    let elsewhere = try Self.selective(["10.0.0.0/8", "fd00::/8"], handle: TrafficHandle(1))
    #expect(!selective.isSame(as: elsewhere))
  }
}

// MARK: - What any process may ask

extension SelectiveBucketTests {
  @Test("on an interface that is missing there is none, which is an error with its index")
  func missing() throws {
    let socket = try RouteSocket.open()
    let error = #expect(throws: NetlinkError.self) {
      _ = try socket.selectiveBucket(of: missingInterface, handle: Self.handle)
    }
    expectNoDevice(error, "look at the class of htb on the interface with index \(missingInterface)")
  }

  @Test("to set one on an interface that is missing is an error with its index")
  func setOnMissing() throws {
    let socket = try RouteSocket.open()
    let wanted = try Self.selective(["10.0.0.0/8"])
    let error = #expect(throws: NetlinkError.self) {
      try socket.set(wanted, of: missingInterface, handle: Self.handle)
    }
    expectNoDevice(error, "make the qdisc htb on the interface with index \(missingInterface)")
  }

  @Test("lo has none of ours")
  func loopback() throws {
    let socket = try RouteSocket.open()
    let found = try socket.selectiveBucket(of: 1, handle: Self.handle)
    #expect(found == nil)
  }
}
