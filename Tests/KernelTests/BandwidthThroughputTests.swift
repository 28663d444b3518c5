// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import TestSupport
import Testing

@Suite("bandwidth: throughput", .enabled(if: kernelIsThere, "needs privileges to make network namespaces"))
struct BandwidthThroughputTests {
  /// 8 Mbit/s within 10 %; what is counted is payload, and the bucket counts headers and acknowledgements too.
  private static let limited = 7.2e6...8.8e6

  /// The measured rates; there are two more attempts, because the machine may be busy for a while.
  private static func rates(_ measure: () async throws -> [Double]) async throws -> [Double] {
    for _ in 0..<2 {
      let rates = try await measure()
      if rates.allSatisfy(limited.contains) { return rates }
    }
    return try await measure()
  }

  @Test("with a limit towards the container it receives 8 Mbit/s, and sends as fast as it can")
  func ingress() async throws {
    let scene = try BandwidthScene()
    try scene.succeed("ADD", BandwidthScene.ingress)
    #expect(unlimited.contains(try scene.fromContainer().rateNow()))
    let rates = try await Self.rates {
      [try await Flow.rate(of: (0..<4).map { _ in try scene.toContainer() }, over: .seconds(5))]
    }
    for rate in rates { #expect(Self.limited.contains(rate)) }
  }

  @Test("with a limit from the container it sends 8 Mbit/s, and receives as fast as it can")
  func egress() async throws {
    let scene = try BandwidthScene()
    try scene.succeed("ADD", BandwidthScene.egress)
    #expect(unlimited.contains(try scene.toContainer().rateNow()))
    let rates = try await Self.rates {
      [try await Flow.rate(of: (0..<4).map { _ in try scene.fromContainer() }, over: .seconds(5))]
    }
    for rate in rates { #expect(Self.limited.contains(rate)) }
  }

  @Test("with both limits it receives and sends 8 Mbit/s at the same time")
  func both() async throws {
    let scene = try BandwidthScene()
    try scene.succeed("ADD", BandwidthScene.both)
    let rates = try await Self.rates {
      async let received = Flow.rate(of: (0..<4).map { _ in try scene.toContainer() }, over: .seconds(5))
      async let sent = Flow.rate(of: (0..<4).map { _ in try scene.fromContainer() }, over: .seconds(5))
      return try await [received, sent]
    }
    for rate in rates { #expect(Self.limited.contains(rate)) }
  }
}
