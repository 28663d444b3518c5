// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CLinux

/// The expressions of the matches that our rules are made of, as nft would write them.
enum Match {
  enum Side: Sendable {
    case source, destination
  }

  /// `meta nfproto ipv4`
  static func family(_ family: AddressFamily) -> [any Expression] {
    [LoadMeta(key: NFT_META_NFPROTO), Compare(bytes: [family.number])]
  }

  /// `iif != "lo"`, whose index is 1 in every network namespace
  static let notFromLoopback: [any Expression] = [
    LoadMeta(key: NFT_META_IIF), Compare(isNegated: true, bytes: [UInt8](integer: UInt32(1))),
  ]

  /// `fib daddr type local`
  static let toThisHost: [any Expression] = [
    LoadDestinationType(), Compare(bytes: [UInt8](integer: UInt32(RTN_LOCAL))),
  ]

  /// `ct status dnat`
  static let destinationTranslated: [any Expression] = [
    LoadConnectionStatus(), Mask(mask: [UInt8](integer: UInt32(IPS_DST_NAT.rawValue))),
    Compare(isNegated: true, bytes: [0, 0, 0, 0]),
  ]

  /// `ip saddr 192.0.2.0/24`
  static func prefix(_ side: Side, _ prefix: Prefix, isNegated: Bool = false) -> [any Expression] {
    let load = family(prefix.family) + [loadAddress(side, prefix.family, Register.first)]
    let isHost = prefix.length == prefix.family.bits
    let mask = isHost ? [] : [Mask(mask: IPAddress.mask(prefix.family, prefix.length).bytes)]
    return load + mask + [Compare(isNegated: isNegated, bytes: prefix.network.address.bytes)]
  }

  /// `ip saddr @set`
  static func address(_ side: Side, _ family: AddressFamily, in set: String, isNegated: Bool) -> [any Expression] {
    Self.family(family) + [loadAddress(side, family, Register.first), Lookup(set: set, isNegated: isNegated)]
  }

  static func loadAddress(_ side: Side, _ family: AddressFamily, _ register: Register) -> LoadPayload {
    // Offsets within the IP header: RFC 791, 3.1 and RFC 8200, 3.
    let source: UInt32 = family == .ip ? 12 : 8
    let length = UInt32(family.bits / 8)
    let offset = side == .source ? source : source + length
    return LoadPayload(base: NFT_PAYLOAD_NETWORK_HEADER, offset: offset, length: length, register: register)
  }

  /// The port at the same place in all transport headers: the source's first, then the destination's.
  static func loadPort(_ side: Side, _ register: Register) -> LoadPayload {
    LoadPayload(base: NFT_PAYLOAD_TRANSPORT_HEADER, offset: side == .source ? 0 : 2, length: 2, register: register)
  }
}

/// The parts of a lookup's key, one after the other in the registers, and the same parts as an element has them.
enum LookupKey: Sendable {
  /// `meta l4proto . th dport`
  case hostPort
  /// `ip daddr . meta l4proto . th dport`
  case hostAddressPort(AddressFamily)
  /// `ip daddr . meta l4proto . th dport . ip saddr & 255.255.0.0`
  case masquerade(AddressFamily, length: Int)

  var loads: [any Expression] {
    switch self {
    case .hostPort: return Self.protocolAndPort(at: .first)
    case .hostAddressPort(let family):
      let (address, afterAddress) = destination(family)
      return address + Self.protocolAndPort(at: afterAddress)
    case .masquerade(let family, let length):
      let (address, afterAddress) = destination(family)
      let afterPort = afterAddress.after(bytes: 4).after(bytes: 2)
      let mask = Mask(mask: IPAddress.mask(family, length).bytes, register: afterPort)
      let source = Match.loadAddress(.source, family, afterPort)
      return address + Self.protocolAndPort(at: afterAddress) + [source] + (length == family.bits ? [] : [mask])
    }
  }

  private func destination(_ family: AddressFamily) -> (loads: [any Expression], end: Register) {
    let load = Match.loadAddress(.destination, family, .first)
    return (Match.family(family) + [load], Register.first.after(bytes: family.bits / 8))
  }

  private static func protocolAndPort(at register: Register) -> [any Expression] {
    [LoadMeta(key: NFT_META_L4PROTO, register: register), Match.loadPort(.destination, register.after(bytes: 4))]
  }
}

extension Array where Element == UInt8 {
  /// An integer in host byte order.
  init(integer: UInt32) {
    self = []
    append(integer: integer)
  }
}
