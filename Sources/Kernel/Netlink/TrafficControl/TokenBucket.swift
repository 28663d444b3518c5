// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CLinux

/// The parameters of a token bucket filter (tc-tbf(8)).
package struct TokenBucket: Equatable, Sendable {
  /// In bytes per second.
  package let rate: UInt64
  /// The size of the bucket, in bytes. When read, it is computed from ``ticks``.
  package let burst: UInt32
  /// The length of the queue in bytes; packets beyond it are dropped.
  package let limit: UInt32
  /// The time to fill the bucket, as the kernel reports it: the low 32 bits of the number of 64 ns ticks (`PSCHED_SHIFT`,
  /// include/net/pkt_sched.h).
  package let ticks: UInt32

  package init(rate: UInt64, burst: UInt32, limit: UInt32) {
    self.rate = max(rate, 1)
    self.burst = burst
    self.limit = limit
    ticks = UInt32(truncatingIfNeeded: Self.nanoseconds(burst, self.rate) / Self.tick)
  }

  /// The same for HTB, whose request has no attribute for bytes: more than 32 bits of ticks cannot be sent.
  var clampedTicks: UInt32 { UInt32(clamping: Self.nanoseconds(burst, rate) / Self.tick) }

  /// The largest burst that the kernel reports correctly, in bytes: what arrives at this rate in 2³² − 1 ticks.
  package static func largestBurst(rate: UInt64) -> UInt32 { bytes(in: .max, rate) }

  /// Whether `read` is what the kernel reports for this bucket, within its rounding.
  package func isSame(as read: TokenBucket) -> Bool { isSame(as: read, ticks: ticks) }

  func isSame(as read: TokenBucket, ticks: UInt32) -> Bool {
    let difference = ticks &- read.ticks
    // The kernel divides by multiplying with a 32-bit reciprocal (psched_ratecfg_precompute, net/sched/sch_generic.c).
    let time = Self.nanoseconds(burst, rate)
    let tolerance = time >> 38 == 0 ? 2 : 2 + time >> 37
    return rate == read.rate && limit == read.limit && min(difference, 0 &- difference) <= tolerance
  }

  /// The duration of a burst at a rate. The product is below 2³² · 10⁹, so it cannot overflow.
  private static func nanoseconds(_ burst: UInt32, _ rate: UInt64) -> UInt64 { UInt64(burst) * 1_000_000_000 / rate }

  /// In nanoseconds.
  private static let tick: UInt64 = 64

  private static func bytes(in ticks: UInt32, _ rate: UInt64) -> UInt32 {
    let product = rate.multipliedFullWidth(by: UInt64(ticks) * tick)
    if product.high >= 1_000_000_000 { return .max }
    return UInt32(clamping: UInt64(1_000_000_000).dividingFullWidth(product).quotient)
  }

  private init(rate: UInt64, ticks: UInt32, limit: UInt32) {
    self.rate = rate
    self.ticks = ticks
    self.limit = limit
    burst = Self.bytes(in: ticks, rate)
  }
}

// MARK: - In a message

extension TokenBucket {
  /// As `tc qdisc … tbf rate … burst … limit …` sends it (struct tc_tbf_qopt, linux/pkt_sched.h).
  func appendTBF(to message: inout NetlinkMessage) {
    message.nested(TCA_OPTIONS) { options in
      var parameters = rateSpecification + [UInt8](repeating: 0, count: Self.rateLength)
      parameters.append(integer: limit)
      parameters.append(integer: ticks)
      parameters.append(integer: UInt32(0))
      options.attribute(TCA_TBF_PARMS, parameters)
      if isWide { options.attribute(TCA_TBF_RATE64, rate) }
      // Overrides the ticks, which are rounded and limited to 32 bits (kernel 3.13 and later).
      options.attribute(TCA_TBF_BURST, burst)
    }
  }

  /// As `tc class … htb rate … ceil … burst … cburst …` sends it (struct tc_htb_opt).
  func appendHTB(to message: inout NetlinkMessage) {
    message.nested(TCA_OPTIONS) { options in
      var parameters = rateSpecification + rateSpecification
      // Both buckets, the quantum, the level, the priority. The quantum matters only among several classes, but HTB logs a warning if it is
      // not set.
      for word in [clampedTicks, clampedTicks, 10_000, 0, 0] { parameters.append(integer: word) }
      options.attribute(TCA_HTB_PARMS, parameters)
      if isWide {
        options.attribute(TCA_HTB_RATE64, rate)
        options.attribute(TCA_HTB_CEIL64, rate)
      }
    }
  }

  /// Reads the options of a TBF; nil if they are truncated.
  init?(tbf options: Attributes) {
    guard
      let parameters = options[Int(TCA_TBF_PARMS)], let rate = Self.rate(parameters),
      let limit = parameters.integer(UInt32.self, at: 2 * Self.rateLength),
      let ticks = parameters.integer(UInt32.self, at: 2 * Self.rateLength + 4)
    else { return nil }
    self.init(rate: options[Int(TCA_TBF_RATE64)]?.integer(UInt64.self, at: 0) ?? rate, ticks: ticks, limit: limit)
  }

  /// Reads the options of an HTB class; `limit` is that of its queue. Nil if they are truncated.
  init?(htb options: Attributes, limit: UInt32) {
    guard
      let parameters = options[Int(TCA_HTB_PARMS)], let rate = Self.rate(parameters),
      let ticks = parameters.integer(UInt32.self, at: 2 * Self.rateLength)
    else { return nil }
    self.init(rate: options[Int(TCA_HTB_RATE64)]?.integer(UInt64.self, at: 0) ?? rate, ticks: ticks, limit: limit)
  }

  /// The length of struct tc_ratespec.
  private static let rateLength = 12

  /// Whether the rate exceeds the 32 bits of struct tc_ratespec.
  private var isWide: Bool { rate > UInt64(UInt32.max) }

  /// struct tc_ratespec. With an explicit link layer the kernel needs no rate table.
  private var rateSpecification: [UInt8] {
    var bytes: [UInt8] = [0, UInt8(TC_LINKLAYER_ETHERNET.rawValue)] + [UInt8](repeating: 0, count: 6)
    bytes.append(integer: UInt32(clamping: rate))
    return bytes
  }

  private static func rate(_ parameters: ArraySlice<UInt8>) -> UInt64? {
    parameters.integer(UInt32.self, at: 8).map(UInt64.init)
  }
}
