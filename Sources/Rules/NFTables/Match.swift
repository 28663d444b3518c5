// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CLinux
import Netlink

/// The expressions of matches as nft would write them.
package enum Match {
  package enum Side: Sendable {
    case source, destination
  }

  /// `meta nfproto ipv4`
  package static func family(_ family: AddressFamily) -> [Expression] {
    [.meta(NFT_META_NFPROTO), .compare([family.number])]
  }

  /// `meta l4proto tcp`
  package static func transport(_ transport: TransportProtocol, isNegated: Bool = false) -> [Expression] {
    [.meta(NFT_META_L4PROTO), .compare([transport.number], isNegated: isNegated)]
  }

  /// `fib daddr type local`
  package static let toThisHost: [Expression] = [
    .destinationType, .compare([UInt8](integer: UInt32(RTN_LOCAL))),
  ]

  /// `ct status dnat`
  package static let destinationTranslated = anyBit(IPS_DST_NAT.rawValue, of: NFT_CT_STATUS)

  /// `ct state established,related`, as `NF_CT_STATE_BIT` of linux/netfilter/nf_conntrack_common.h
  package static let ofKnownConnection = anyBit(1 << 1 | 1 << 2, of: NFT_CT_STATE)

  /// `ct state invalid`
  package static let ofNoConnection = anyBit(1 << 0, of: NFT_CT_STATE)

  private static func anyBit(_ bits: UInt32, of key: nft_ct_keys) -> [Expression] {
    [.connection(key), .mask([UInt8](integer: bits)), .compare([0, 0, 0, 0], isNegated: true)]
  }

  /// `ip saddr 192.0.2.0/24`
  package static func prefix(_ side: Side, _ prefix: Prefix, isNegated: Bool = false) -> [Expression] {
    let bytes = prefix.network.address.bytes
    // For a length of whole bytes nft loads only these, and so do we: a listing that is loaded again makes the same rule.
    if prefix.length % 8 == 0, prefix.length > 0 {
      let load = loadAddress(side, prefix.family, bytes: prefix.length / 8)
      return family(prefix.family) + [load, .compare(Array(bytes.prefix(prefix.length / 8)), isNegated: isNegated)]
    }
    let mask = IPAddress.mask(prefix.family, prefix.length).bytes
    return family(prefix.family)
      + [loadAddress(side, prefix.family), .mask(mask), .compare(bytes, isNegated: isNegated)]
  }

  /// `ip saddr @set`
  package static func address(
    _ side: Side, _ family: AddressFamily, in set: String, isNegated: Bool = false
  ) -> [Expression] {
    Self.family(family) + [loadAddress(side, family), .lookup(set, isNegated: isNegated)]
  }

  /// `iifname . oifname @set`, or one of the two twice
  package static func interfaces(
    _ first: nft_meta_keys, _ second: nft_meta_keys, in set: String, isNegated: Bool = false
  ) -> [Expression] {
    let afterName = Register.first.after(bytes: DataType.interfaceName.length)
    return [.meta(first), .meta(second, into: afterName), .lookup(set, isNegated: isNegated)]
  }

  /// `meta mark set meta mark | bit`, or with `& ~bit`
  package static func setMark(bit: Int, _ isSet: Bool) -> [Expression] {
    let value = UInt32(1) << UInt32(bit)
    let change: Expression =
      isSet
      ? .bitwise(mask: [UInt8](integer: ~value), xor: [UInt8](integer: value)) : .mask([UInt8](integer: ~value))
    return [.meta(NFT_META_MARK), change, .setMeta(NFT_META_MARK)]
  }

  /// Loads an address, or its first bytes.
  package static func loadAddress(
    _ side: Side, _ family: AddressFamily, bytes: Int? = nil, into register: Register = .first
  ) -> Expression {
    // Offsets within the IP header: RFC 791, 3.1 and RFC 8200, 3.
    let source: UInt32 = family == .ip ? 12 : 8
    let whole = UInt32(family.bits / 8)
    let offset = side == .source ? source : source + whole
    let length = bytes.map { UInt32($0) } ?? whole
    return .payload(NFT_PAYLOAD_NETWORK_HEADER, offset: offset, length: length, into: register)
  }

  /// Loads a port; all transport headers begin with the source port and the destination port.
  package static func loadPort(_ side: Side, into register: Register = .first) -> Expression {
    .payload(NFT_PAYLOAD_TRANSPORT_HEADER, offset: side == .source ? 0 : 2, length: 2, into: register)
  }
}

extension Array where Element == UInt8 {
  /// An integer in host byte order.
  package init(integer: UInt32) {
    self = []
    append(integer: integer)
  }
}
