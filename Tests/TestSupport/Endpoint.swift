// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import Glibc

/// An IPv4 or IPv6 address and a port.
package struct Endpoint: Hashable, Sendable, CustomStringConvertible {
  package let address: IPAddress
  package let port: UInt16
  /// A `sockaddr_in` or `sockaddr_in6` (netinet/in.h).
  let bytes: [UInt8]

  package init(_ address: IPAddress, _ port: UInt16) {
    self.address = address
    self.port = port
    // The family is in host byte order (little-endian), the port in network byte order.
    let head = [address.family.number, 0, UInt8(port >> 8), UInt8(truncatingIfNeeded: port)]
    let zeros: [UInt8] = [0, 0, 0, 0]
    // IPv4 is padded to 16 bytes; IPv6 has a flow label before the address and a scope after it.
    bytes = address.family == .ip ? head + address.bytes + zeros + zeros : head + zeros + address.bytes + zeros
  }

  /// Parses an address, which must be valid.
  package init(_ address: String, _ port: UInt16) {
    guard let address = IPAddress(address) else { preconditionFailure("\(address) is no address") }
    self.init(address, port)
  }

  /// Decodes a `sockaddr` from the kernel.
  init?(sockaddr bytes: [UInt8]) {
    guard bytes.count >= 16 else { return nil }
    let place = Int32(bytes[0]) == AF_INET ? 4..<8 : 8..<24
    guard bytes.count >= place.upperBound, let address = IPAddress(bytes: Array(bytes[place])) else { return nil }
    self.init(address, UInt16(bytes[2]) << 8 | UInt16(bytes[3]))
  }

  package var description: String { address.family == .ip ? "\(address):\(port)" : "[\(address)]:\(port)" }
}
