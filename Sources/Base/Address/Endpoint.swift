// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

/// A transport protocol that has ports.
package enum TransportProtocol: String, CaseIterable, Hashable, Sendable {
  case tcp, udp, sctp

  /// The number in the IP header (IANA protocol numbers).
  package var number: UInt8 {
    switch self {
    case .tcp: 6
    case .udp: 17
    case .sctp: 132
    }
  }
}

/// A port of an address.
package struct Endpoint: Hashable, Sendable, CustomStringConvertible {
  package let address: IPAddress
  package let transport: TransportProtocol
  package let port: UInt16

  package init(address: IPAddress, transport: TransportProtocol, port: UInt16) {
    self.address = address
    self.transport = transport
    self.port = port
  }

  package var description: String {
    "\(address.family == .ip ? "\(address)" : "[\(address)]"):\(port)/\(transport.rawValue)"
  }
}
