// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address

/// A port of this host, on one of its addresses or on all addresses of a family.
package struct HostPort: Hashable, Sendable, CustomStringConvertible {
  package let family: AddressFamily
  package let transport: TransportProtocol
  package let port: UInt16
  /// Nil for every address of this host.
  package let address: IPAddress?

  package init(family: AddressFamily, transport: TransportProtocol, port: UInt16, address: IPAddress?) {
    self.family = family
    self.transport = transport
    self.port = port
    self.address = address
  }

  /// The same port on every address.
  package var onAllAddresses: HostPort { HostPort(family: family, transport: transport, port: port, address: nil) }

  package var description: String {
    let host = address.map { family == .ip ? "\($0)" : "[\($0)]" } ?? "\(family.title) "
    return address == nil ? "\(host)port \(port)/\(transport.rawValue)" : "\(host):\(port)/\(transport.rawValue)"
  }
}
