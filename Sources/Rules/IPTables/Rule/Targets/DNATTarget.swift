// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import Netlink

/// `-j DNAT --to-destination …` (linux/netfilter/nf_nat.h).
package struct DNATTarget: XTablesExtension, Hashable {
  package let address: IPAddress
  package let port: UInt16

  package init(_ address: IPAddress, port: UInt16) {
    self.address = address
    self.port = port
  }

  package let name = "DNAT"
  /// The revision of kernel 4.18 and later; older ones have one revision for each family.
  package let revision: UInt8 = 2

  /// struct nf_nat_range2: flags, two addresses of 16 bytes, two ports and a base, these in network byte order.
  package var payload: [UInt8] {
    var bytes: [UInt8] = []
    bytes.append(integer: Self.addressAndPort)
    let padded = address.bytes + [UInt8](repeating: 0, count: 16 - address.bytes.count)
    bytes += padded + padded
    bytes.append(bigEndian: port)
    bytes.append(bigEndian: port)
    return bytes + [0, 0]
  }

  package var options: String { "--to-destination \(address.family == .ip ? "\(address)" : "[\(address)]"):\(port)" }

  package init?(_ name: String, _ revision: UInt8, _ payload: ArraySlice<UInt8>, _ family: AddressFamily) {
    let length = family.bits / 8
    let first = payload.dropFirst(4).prefix(16)
    guard
      name == "DNAT", revision == 2, payload.integer(UInt32.self, at: 0) == Self.addressAndPort,
      first.elementsEqual(payload.dropFirst(20).prefix(16)),
      let address = IPAddress(bytes: Array(first.prefix(length))),
      let port = payload.integer(UInt16.self, at: 36), port == payload.integer(UInt16.self, at: 38)
    else { return nil }
    self.init(address, port: port.bigEndian)
  }

  /// `NF_NAT_RANGE_MAP_IPS | NF_NAT_RANGE_PROTO_SPECIFIED`
  private static let addressAndPort: UInt32 = 1 << 0 | 1 << 1
}
