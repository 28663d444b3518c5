// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

/// An address and the length of its network part, such as `10.22.0.5/16`; the host part may be set.
package struct Prefix: Hashable, Sendable, CustomStringConvertible {
  package let address: IPAddress
  /// In bits: 0…32 or 0…128.
  package let length: Int

  /// Returns nil if the length is out of range for the address's family.
  package init?(_ address: IPAddress, length: Int) {
    guard (0...address.family.bits).contains(length) else { return nil }
    self.address = address
    self.length = length
  }

  /// Parses `address/length`.
  package init?(_ text: String) {
    let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
    guard
      parts.count == 2, let address = IPAddress(String(parts[0])),
      parts[1].utf8.allSatisfy({ (0x30...0x39).contains($0) }), let length = Int(parts[1])
    else { return nil }
    // The length of a mapped IPv4 address includes the 96 bits before it.
    let isMapped = address.family == .ip && parts[0].utf8.contains(UInt8(ascii: ":"))
    self.init(address, length: isMapped ? length - 96 : length)
  }

  /// Parses `address/length`, or an address alone as a host prefix.
  package init?(addressOrPrefix text: String) {
    if let address = IPAddress(text) {
      self.init(host: address)
    } else {
      self.init(text)
    }
  }

  /// The host prefix of an address.
  package init(host address: IPAddress) {
    self.address = address
    length = address.family.bits
  }

  /// `127.0.0.0/8`
  package static let loopback4 = Prefix(masking: .loopback4, 8)

  /// The multicast groups of a family: `224.0.0.0/4`, `ff00::/8` (RFC 1112, 4; RFC 4291, 2.7).
  package static func multicast(_ family: AddressFamily) -> Prefix {
    // 0xe0 and 0xff are the last address with so many bits.
    let last = all(family).last
    return family == .ip ? Prefix(masking: last.masked(3), 4) : Prefix(masking: last, 8)
  }

  /// Every address of a family.
  package static func all(_ family: AddressFamily) -> Prefix {
    Prefix(masking: family == .ip ? .loopback4 : .loopback6, 0)
  }

  package var description: String { "\(address)/\(length)" }

  package var family: AddressFamily { address.family }

  /// The network: this prefix with the host part cleared.
  package var network: Prefix { Prefix(masking: address, length) }

  /// The last address of the network.
  package var last: IPAddress {
    let mask = IPAddress.mask(family, length).bytes
    let bytes = zip(address.bytes, mask).map { $0 | ~$1 }
    return IPAddress(bytes: bytes) ?? address
  }

  /// Whether the network contains the address.
  package func contains(_ other: IPAddress) -> Bool {
    other.family == family && other.masked(length) == network.address
  }

  private init(masking address: IPAddress, _ length: Int) {
    self.address = address.masked(length)
    self.length = length
  }
}
