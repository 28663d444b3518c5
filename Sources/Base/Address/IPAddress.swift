// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Glibc
import OS

/// The address families: IPv4 and IPv6.
package enum AddressFamily: CaseIterable, Hashable, Sendable {
  case ip, ip6

  /// The length of an address, in bits.
  package var bits: Int { self == .ip ? 32 : 128 }
  /// The kernel's number: `AF_INET`, `AF_INET6` (sys/socket.h), which are also `NFPROTO_IPV4`, `NFPROTO_IPV6`.
  package var number: UInt8 { UInt8(self == .ip ? AF_INET : AF_INET6) }
  /// The name for messages.
  package var title: String { self == .ip ? "IPv4" : "IPv6" }
}

/// An IPv4 or IPv6 address, without a zone.
package struct IPAddress: Hashable, Sendable, CustomStringConvertible {
  package let family: AddressFamily
  /// Four or sixteen bytes in network byte order.
  package let bytes: [UInt8]

  /// Takes four or sixteen bytes in network byte order.
  package init?(bytes: [UInt8]) {
    switch bytes.count {
    case 4: family = .ip
    case 16: family = .ip6
    default: return nil
    }
    self.bytes = bytes
  }

  /// Parses the text of an address. An IPv4 address mapped into IPv6 (RFC 4291, 2.5.5.2) becomes the IPv4 address.
  package init?(_ text: String) {
    if let bytes = addressBytes(text, family: AF_INET) {
      self.init(bytes: bytes)
    } else if let bytes = addressBytes(text, family: AF_INET6) {
      let mapped = bytes.starts(with: Self.mappedPrefix)
      self.init(bytes: mapped ? Array(bytes.dropFirst(Self.mappedPrefix.count)) : bytes)
    } else {
      return nil
    }
  }

  /// `::1`
  package static let loopback6 = IPAddress(family: .ip6, bytes: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1])

  static let loopback4 = IPAddress(family: .ip, bytes: [127, 0, 0, 1])
  private static let mappedPrefix: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff]

  package var description: String { addressText(bytes, family: Int32(family.number)) }

  /// Whether it is `0.0.0.0` or `::`.
  package var isUnspecified: Bool { bytes.allSatisfy { $0 == 0 } }

  /// This address with all bits after the first `length` cleared.
  package func masked(_ length: Int) -> IPAddress {
    var copy = bytes
    for (index, mask) in Self.maskBytes(family, length).enumerated() { copy[index] &= mask }
    return IPAddress(family: family, bytes: copy)
  }

  /// The mask of a prefix length, such as `255.255.0.0` for 16.
  package static func mask(_ family: AddressFamily, _ length: Int) -> IPAddress {
    IPAddress(family: family, bytes: maskBytes(family, length))
  }

  private static func maskBytes(_ family: AddressFamily, _ length: Int) -> [UInt8] {
    (0..<family.bits / 8).map { UInt8(truncatingIfNeeded: 0xff00 >> min(8, max(0, length - $0 * 8))) }
  }

  /// The address after this one, or nil after the last.
  package var successor: IPAddress? {
    var copy = bytes
    for index in copy.indices.reversed() {
      copy[index] &+= 1
      if copy[index] != 0 { return IPAddress(family: family, bytes: copy) }
    }
    return nil
  }

  /// The address before this one, or nil before the first.
  package var predecessor: IPAddress? {
    var copy = bytes
    for index in copy.indices.reversed() {
      copy[index] &-= 1
      if copy[index] != 0xff { return IPAddress(family: family, bytes: copy) }
    }
    return nil
  }

  private init(family: AddressFamily, bytes: [UInt8]) {
    self.family = family
    self.bytes = bytes
  }
}

extension IPAddress: Comparable {
  package static func < (left: IPAddress, right: IPAddress) -> Bool {
    left.family == right.family ? left.bytes.lexicographicallyPrecedes(right.bytes) : left.family == .ip
  }
}
