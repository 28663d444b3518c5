// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI
import JSON
import Netlink

/// The configuration of the plugin.
struct BandwidthOptions: Sendable {
  /// A rate with its burst.
  struct Limit: Equatable, Sendable {
    /// In bits a second.
    let rate: UInt64
    /// In bits.
    let burst: UInt64
    /// The path of the burst in the configuration.
    let path: String
  }

  /// For packets to the container.
  let ingress: Limit?
  /// For packets from the container.
  let egress: Limit?
  /// The destinations and sources of packets that are not limited.
  let unshaped: [Prefix]
  /// How long a packet may wait, in milliseconds.
  private let latency: UInt64

  init(_ config: NetworkConfig) throws(FieldError) {
    let document = config.document
    let largest = try document["maxBurst"].unsigned(in: 8...Self.largestBurst)
    let source = try Self.source(config)
    ingress = try Self.limit(source["ingressRate"], source["ingressBurst"], largest)
    egress = try Self.limit(source["egressRate"], source["egressBurst"], largest)
    latency = try document["latency"].unsigned(in: 1...60_000) ?? 25
    var prefixes: [Prefix] = []
    for prefix in try document["unshapedSubnets"].prefixes() ?? [] where !prefixes.contains(prefix) {
      prefixes.append(prefix)
    }
    for family in AddressFamily.allCases where prefixes.filter({ $0.family == family }).count > Self.largestNumber {
      let reason = "expected at most \(Self.largestNumber) \(family.title) prefixes"
      throw FieldError(path: "unshapedSubnets", reason: reason)
    }
    unshaped = prefixes
  }

  var isEmpty: Bool { ingress == nil && egress == nil }

  /// The bucket for a limit on an interface with this MTU; `note` is told if its burst had to be raised.
  func bucket(_ limit: Limit, mtu: UInt32, note: (String) -> Void) -> TokenBucket {
    let rate = limit.rate / 8
    let asked = UInt32(clamping: limit.burst / 8)
    // A packet that is larger than the bucket never passes it.
    let packet = UInt32(clamping: UInt64(mtu) + Self.linkHeader)
    if asked < packet {
      note("\(limit.path): \(asked) bytes are less than a packet of \(packet) bytes: raised to that")
    }
    let burst = max(min(asked, TokenBucket.largestBurst(rate: rate)), packet)
    // The queue holds what arrives within the latency, and a burst.
    let (product, overflow) = rate.multipliedReportingOverflow(by: latency)
    let queue = overflow ? .max : product / 1000
    let (sum, isOver) = queue.addingReportingOverflow(UInt64(burst))
    return TokenBucket(rate: rate, burst: burst, limit: isOver ? .max : UInt32(clamping: sum))
  }

  /// The kernel has numbers for 4095 u32 filters of a protocol (gen_new_kid, net/sched/cls_u32.c); while filters are replaced, the old
  /// and the new ones are there.
  private static let largestNumber = 2000
  /// An Ethernet header, in bytes.
  private static let linkHeader: UInt64 = 14
  /// In bits: the kernel counts bytes in 32 bits.
  private static let largestBurst: UInt64 = (1 << 35) - 1

  /// As with upstream, any rate or burst beside `type` makes all those of `runtimeConfig` count for nothing.
  private static func source(_ config: NetworkConfig) throws(FieldError) -> Field {
    let names = ["ingressRate", "ingressBurst", "egressRate", "egressBurst"]
    _ = try config.runtimeConfig.object()
    _ = try config.runtimeConfig["bandwidth"].object()
    let isAbove = names.contains { config.document[$0].isPresent }
    return isAbove ? config.document : config.runtimeConfig["bandwidth"]
  }

  private static func limit(
    _ rateField: Field, _ burstField: Field, _ largest: UInt64?
  ) throws(FieldError) -> Limit? {
    let rate = try rateField.unsigned(in: 0 ... .max) ?? 0
    let burst = try burstField.unsigned(in: 0...largestBurst) ?? 0
    if rate == 0, burst == 0 { return nil }
    if rate == 0 { throw rateField.expected("a rate in bits a second, as \(burstField.path) is set") }
    if burst == 0 { throw burstField.expected("a burst in bits, as \(rateField.path) is set") }
    if rate < 8 { throw rateField.expected("at least 8 bits a second") }
    return Limit(rate: rate, burst: min(burst, largest ?? burst), path: burstField.path)
  }
}
