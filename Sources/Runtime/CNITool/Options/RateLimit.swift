// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import ArgumentParser
import CNIRuntime

/// How many bits a second a container may receive and send: `RATE`, or `RECEIVE/SEND`; a rate is a number with `k`, `M` or `G`.
package struct RateLimit: Equatable, Sendable {
  package let receiving: UInt64
  package let sending: UInt64

  /// Parses the text; nil if it has another form.
  package init?(_ text: String) {
    // `bit/s` has a slash of its own.
    let parts = text.replacing("bit/s", with: "bit").split(separator: "/", omittingEmptySubsequences: false)
    guard (1...2).contains(parts.count), let first = Self.rate(parts[0]), let last = Self.rate(parts[parts.count - 1])
    else { return nil }
    receiving = first
    sending = last
  }

  /// Bits a second: `10M`, `10Mbit`, `1.5G`, `800k` or `64000`; decimal, as is usual for bits.
  private static func rate(_ text: Substring) -> UInt64? {
    let number = text.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
    var unit = text.dropFirst(number.count).lowercased()
    for ending in ["bit", "bps"] where unit.hasSuffix(ending) {
      unit.removeLast(ending.count)
      break
    }
    let factors: KeyValuePairs = ["": 1.0, "k": 1e3, "m": 1e6, "g": 1e9]
    guard let factor = factors.first(where: { $0.key == unit })?.value, let value = Double(number) else { return nil }
    let rate = (value * factor).rounded()
    return rate >= 1 && rate <= 1e12 ? UInt64(rate) : nil
  }

  /// The capability argument `bandwidth`.
  var limits: CapabilityArguments.Bandwidth {
    CapabilityArguments.Bandwidth(
      ingressRate: receiving, ingressBurst: Self.burst(receiving), egressRate: sending,
      egressBurst: Self.burst(sending))
  }

  /// What may pass at once, in bits: a twentieth of a second, and at least some full packets. More would be noticed in short downloads,
  /// less would not reach the rate.
  private static func burst(_ rate: UInt64) -> UInt64 { min(max(rate / 20, 400_000), 2_147_483_647) }
}

extension RateLimit: ExpressibleByArgument {
  package init?(argument: String) { self.init(argument) }
}
