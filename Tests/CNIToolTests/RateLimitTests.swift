// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Testing

@testable import CNITool

@Suite("--bandwidth") struct RateLimitTests {
  @Test(
    "a rate is read with its unit, for both directions or for each",
    arguments: [
      ("10M", 10_000_000, 10_000_000), ("64000", 64_000, 64_000), ("1.5G", 1_500_000_000, 1_500_000_000),
      ("800k/2m", 800_000, 2_000_000), ("10Mbit", 10_000_000, 10_000_000), ("10Mbit/s/1kbit/s", 10_000_000, 1000),
      ("5Mbps", 5_000_000, 5_000_000), ("1", 1, 1),
    ] as [(String, UInt64, UInt64)])
  func accepted(text: String, receiving: UInt64, sending: UInt64) throws {
    let limit = try #require(RateLimit(text))
    #expect(limit.receiving == receiving && limit.sending == sending)
  }

  @Test(
    "anything else is refused",
    arguments: [
      "", "M", "0", "-1M", "10T", "10 M", "1/2/3", "/", "10M/", "/10M", "nan", "inf", "1e9", "1e999G", "0x10", "9999G",
    ])
  func refused(text: String) { #expect(RateLimit(text) == nil) }

  @Test("a burst is a twentieth of a second, and not below some packets nor above what plugins take")
  func bursts() throws {
    #expect(try #require(RateLimit("10M")).limits.ingressBurst == 500_000)
    #expect(try #require(RateLimit("1k")).limits.egressBurst == 400_000)
    #expect(try #require(RateLimit("900G")).limits.egressBurst == 2_147_483_647)
  }
}
