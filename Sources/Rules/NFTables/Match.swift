// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CLinux
import Netlink
import Rules

/// The expressions of the matches that our rules are made of, as nft would write them.
enum Match {
  enum Side: Sendable {
    case source, destination
  }

  /// `meta nfproto ipv4`
  static func family(_ family: AddressFamily) -> [NFTExpression] {
    [.meta(NFT_META_NFPROTO), .compare([family.number])]
  }

  /// `meta l4proto tcp`
  static func transport(_ transport: Transport, isNegated: Bool = false) -> [NFTExpression] {
    [.meta(NFT_META_L4PROTO), .compare([transport.number], isNegated: isNegated)]
  }

  /// `fib daddr type local`
  static let toThisHost: [NFTExpression] = [
    .destinationType, .compare([UInt8](integer: UInt32(RTN_LOCAL))),
  ]

  /// `ct status dnat`
  static let destinationTranslated = anyBit(IPS_DST_NAT.rawValue, of: NFT_CT_STATUS)

  /// `ct state established,related`, as `NF_CT_STATE_BIT` of linux/netfilter/nf_conntrack_common.h
  static let ofKnownConnection = anyBit(1 << 1 | 1 << 2, of: NFT_CT_STATE)

  /// `ct state invalid`
  static let ofNoConnection = anyBit(1 << 0, of: NFT_CT_STATE)

  private static func anyBit(_ bits: UInt32, of key: nft_ct_keys) -> [NFTExpression] {
    [.connection(key), .mask([UInt8](integer: bits)), .compare([0, 0, 0, 0], isNegated: true)]
  }

  /// `ip saddr 192.0.2.0/24`
  static func prefix(_ side: Side, _ prefix: Prefix, isNegated: Bool = false) -> [NFTExpression] {
    let bytes = prefix.network.address.bytes
    // Where the length is of whole bytes nft loads only these: so a listing that is loaded again makes the same rule.
    if prefix.length % 8 == 0, prefix.length > 0 {
      let load = loadAddress(side, prefix.family, bytes: prefix.length / 8)
      return family(prefix.family) + [load, .compare(Array(bytes.prefix(prefix.length / 8)), isNegated: isNegated)]
    }
    let mask = IPAddress.mask(prefix.family, prefix.length).bytes
    return family(prefix.family)
      + [loadAddress(side, prefix.family), .mask(mask), .compare(bytes, isNegated: isNegated)]
  }

  /// `ip saddr @set`
  static func address(
    _ side: Side, _ family: AddressFamily, in set: String, isNegated: Bool = false
  ) -> [NFTExpression] {
    Self.family(family) + [loadAddress(side, family), .lookup(set, isNegated: isNegated)]
  }

  /// `iifname . oifname @set`, or one of the two twice
  static func interfaces(
    _ first: nft_meta_keys, _ second: nft_meta_keys, in set: String, isNegated: Bool = false
  ) -> [NFTExpression] {
    let afterName = Register.first.after(bytes: DataType.interfaceName.length)
    return [.meta(first), .meta(second, into: afterName), .lookup(set, isNegated: isNegated)]
  }

  /// `meta mark set meta mark | bit`, or with `& ~bit`
  static func setMark(bit: Int, _ isSet: Bool) -> [NFTExpression] {
    let value = UInt32(1) << UInt32(bit)
    let change: NFTExpression =
      isSet
      ? .bitwise(mask: [UInt8](integer: ~value), xor: [UInt8](integer: value)) : .mask([UInt8](integer: ~value))
    return [.meta(NFT_META_MARK), change, .setMeta(NFT_META_MARK)]
  }

  /// Loads an address, or its first bytes.
  static func loadAddress(
    _ side: Side, _ family: AddressFamily, bytes: Int? = nil, into register: Register = .first
  ) -> NFTExpression {
    // Offsets within the IP header: RFC 791, 3.1 and RFC 8200, 3.
    let source: UInt32 = family == .ip ? 12 : 8
    let whole = UInt32(family.bits / 8)
    let offset = side == .source ? source : source + whole
    let length = bytes.map { UInt32($0) } ?? whole
    return .payload(NFT_PAYLOAD_NETWORK_HEADER, offset: offset, length: length, into: register)
  }

  /// The port at the same place in all transport headers: the source's first, then the destination's.
  static func loadPort(_ side: Side, into register: Register = .first) -> NFTExpression {
    .payload(NFT_PAYLOAD_TRANSPORT_HEADER, offset: side == .source ? 0 : 2, length: 2, into: register)
  }
}

/// The parts of a lookup's key, one after the other in the registers, and the same parts as an element has them.
enum LookupKey: Sendable {
  /// `meta l4proto . th dport`
  case hostPort
  /// `ip daddr . meta l4proto . th dport`
  case hostAddressPort(AddressFamily)
  /// `ip daddr . meta l4proto . tcp dport . ct original proto-dst . ip saddr & 255.255.0.0`
  case masquerade(AddressFamily, Transport, length: Int)

  var loads: [NFTExpression] {
    switch self {
    case .hostPort: return Self.protocolAndPort(at: .first)
    case .hostAddressPort(let family):
      let (address, afterAddress) = destination(family)
      return address + Self.protocolAndPort(at: afterAddress)
    case .masquerade(let family, let transport, let length):
      let address = Match.loadAddress(.destination, family)
      let afterAddress = Register.first.after(bytes: family.bits / 8)
      let afterPort = afterAddress.after(bytes: 1).after(bytes: 2)
      let afterPorts = afterPort.after(bytes: 2)
      let mask = NFTExpression.mask(IPAddress.mask(family, length).bytes, in: afterPorts)
      let source = Match.loadAddress(.source, family, into: afterPorts)
      return Match.family(family) + Match.transport(transport) + [address] + Self.protocolAndPort(at: afterAddress)
        + [.originalPort(into: afterPort), source] + (length == family.bits ? [] : [mask])
    }
  }

  private func destination(_ family: AddressFamily) -> (loads: [NFTExpression], end: Register) {
    let load = Match.loadAddress(.destination, family)
    return (Match.family(family) + [load], Register.first.after(bytes: family.bits / 8))
  }

  private static func protocolAndPort(at register: Register) -> [NFTExpression] {
    [.meta(NFT_META_L4PROTO, into: register), Match.loadPort(.destination, into: register.after(bytes: 1))]
  }
}

extension Array where Element == UInt8 {
  /// An integer in host byte order.
  init(integer: UInt32) {
    self = []
    append(integer: integer)
  }
}
