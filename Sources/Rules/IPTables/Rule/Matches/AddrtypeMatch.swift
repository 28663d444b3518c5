// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Netlink

/// `-m addrtype --dst-type …`: the type of an address by the routing tables (linux/netfilter/xt_addrtype.h).
package struct AddrtypeMatch: XTablesExtension, Hashable {
  /// A bit of `XT_ADDRTYPE_…`.
  package enum Kind: String, CaseIterable, Sendable {
    case unspecified = "UNSPEC"
    case unicast = "UNICAST"
    case local = "LOCAL"
    case broadcast = "BROADCAST"
    case anycast = "ANYCAST"
    case multicast = "MULTICAST"
    case blackhole = "BLACKHOLE"
    case unreachable = "UNREACHABLE"
    case prohibit = "PROHIBIT"

    var bit: UInt16 { 1 << UInt16(Self.allCases.firstIndex(of: self) ?? 0) }
  }

  package let source: Negatable<Kind>?
  package let destination: Negatable<Kind>?

  package init(source: Negatable<Kind>? = nil, destination: Negatable<Kind>? = nil) {
    self.source = source
    self.destination = destination
  }

  package let name = "addrtype"
  package let revision: UInt8 = 1

  /// struct xt_addrtype_info_v1: two sets of bits, and flags that negate them.
  package var payload: [UInt8] {
    var bytes: [UInt8] = []
    bytes.append(integer: source?.value.bit ?? 0)
    bytes.append(integer: destination?.value.bit ?? 0)
    bytes.append(integer: UInt32(source?.isNegated == true ? 1 : 0) | (destination?.isNegated == true ? 2 : 0))
    return bytes
  }

  package var options: String {
    let parts = [("--src-type", source), ("--dst-type", destination)].compactMap { flag, kind in
      kind.map { "\($0.isNegated ? "! " : "")\(flag) \($0.value.rawValue)" }
    }
    return parts.joined(separator: " ")
  }

  package init?(_ name: String, _ revision: UInt8, _ payload: ArraySlice<UInt8>) {
    guard
      name == "addrtype", revision == 1, let sources = payload.integer(UInt16.self, at: 0),
      let destinations = payload.integer(UInt16.self, at: 2), let flags = payload.integer(UInt32.self, at: 4), flags < 4
    else { return nil }
    func kind(_ bits: UInt16, _ flag: UInt32) -> Negatable<Kind>? {
      Kind.allCases.first { $0.bit == bits }.map { Negatable($0, isNegated: flags & flag != 0) }
    }
    // This program writes no match with several types.
    if sources != 0, kind(sources, 1) == nil { return nil }
    if destinations != 0, kind(destinations, 2) == nil { return nil }
    self.init(source: kind(sources, 1), destination: kind(destinations, 2))
  }
}
