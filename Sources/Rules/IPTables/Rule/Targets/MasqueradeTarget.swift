// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import Netlink

/// `-j MASQUERADE` (linux/netfilter/nf_nat.h).
package struct MasqueradeTarget: XTablesExtension, Hashable {
  package let family: AddressFamily
  /// Whether the port is a random one: `--random-fully`.
  package let isRandom: Bool

  package init(_ family: AddressFamily, isRandom: Bool = false) {
    self.family = family
    self.isRandom = isRandom
  }

  package let name = "MASQUERADE"
  package let revision: UInt8 = 0

  /// For IPv4 struct nf_nat_ipv4_multi_range_compat: the number of ranges, which is 1, flags, two addresses, two ports.
  /// For IPv6 struct nf_nat_range: flags, two addresses, two ports.
  package var payload: [UInt8] {
    var bytes: [UInt8] = []
    if family == .ip { bytes.append(integer: UInt32(1)) }
    bytes.append(integer: isRandom ? Self.randomFully : 0)
    return bytes + [UInt8](repeating: 0, count: 2 * family.bits / 8 + 4)
  }

  package var options: String { isRandom ? "--random-fully" : "" }

  package init?(_ name: String, _ revision: UInt8, _ payload: ArraySlice<UInt8>, _ family: AddressFamily) {
    guard
      name == "MASQUERADE", revision == 0,
      let flags = payload.integer(UInt32.self, at: family == .ip ? 4 : 0), flags == 0 || flags == Self.randomFully
    else { return nil }
    self.init(family, isRandom: flags != 0)
  }

  /// `NF_NAT_RANGE_PROTO_RANDOM_FULLY`
  private static let randomFully: UInt32 = 1 << 4
}
