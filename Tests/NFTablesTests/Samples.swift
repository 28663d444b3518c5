// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI
import Rules
import Testing

/// Owners, addresses and rules that tests begin with.
enum Sample {
  static let owner = Owner(network: "net", containerID: "id", interface: "eth0")

  static func address(_ text: String) throws -> IPAddress { try #require(IPAddress(text)) }

  static func prefix(_ text: String) throws -> Prefix { try #require(Prefix(text)) }

  /// The container's port 80.
  static func endpoint(_ family: AddressFamily, _ transport: Transport = .tcp) throws -> Endpoint {
    Endpoint(address: try address(family == .ip ? "10.22.0.5" : "fd00::5"), transport: transport, port: 80)
  }

  /// Host port 8080 to the container's port 80.
  static func forward(
    _ family: AddressFamily, _ transport: Transport = .tcp, on address: String? = nil, if conditions: Conditions? = nil
  ) throws -> PortForward {
    PortForward(
      port: 8080, on: try address.map { try Self.address($0) }, to: try endpoint(family, transport), if: conditions)
  }

  static func conditions(_ family: AddressFamily, network: String = "net") throws -> Conditions {
    let source = try prefix(family == .ip ? "192.0.2.0/24" : "2001:db8::/32")
    return Conditions(network: network, family: family, all: [Condition(.source([source]))])
  }
}
