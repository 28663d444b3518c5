// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address

/// A bridge of a ``Node`` and the networks on it.
package struct Network: Sendable {
  package let bridge: String
  /// The bridge's own address and the length of the network, such as `10.22.0.1/16`.
  package let gateway: Prefix
  package let gateway6: Prefix

  package init(bridge: String, gateway: String, gateway6: String) {
    guard let gateway = Prefix(gateway), let gateway6 = Prefix(gateway6) else {
      preconditionFailure("\(gateway) or \(gateway6) is no prefix")
    }
    self.bridge = bridge
    self.gateway = gateway
    self.gateway6 = gateway6
  }

  package var hardwareAddress: String { "02:00:\(hexadecimal(gateway.address, separator: ":"))" }

  package static let first = Network(bridge: "cni0", gateway: "10.22.0.1/16", gateway6: "fd00:22::1/64")
  package static let second = Network(bridge: "cni1", gateway: "10.23.0.1/16", gateway6: "fd00:23::1/64")
}

func hexadecimal(_ bytes: [UInt8], separator: String = "") -> String {
  bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined(separator: separator)
}

func hexadecimal(_ address: IPAddress, separator: String = "") -> String {
  hexadecimal(address.bytes, separator: separator)
}
