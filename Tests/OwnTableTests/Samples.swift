// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI
import Rules
import Testing

@testable import NFTables
@testable import OwnTable

/// Owners, addresses and rules for tests.
enum Sample {
  static let owner = CNI.Attachment(network: "net", containerID: "id", interface: "eth0")

  static func address(_ text: String) throws -> IPAddress { try #require(IPAddress(text)) }

  static func prefix(_ text: String) throws -> Prefix { try #require(Prefix(text)) }

  /// The container's port 80.
  static func endpoint(_ family: AddressFamily, _ transport: TransportProtocol = .tcp) throws -> Endpoint {
    Endpoint(address: try address(family == .ip ? "10.22.0.5" : "fd00::5"), transport: transport, port: 80)
  }

  /// Host port 8080 to the container's port 80.
  static func forward(
    _ family: AddressFamily, _ transport: TransportProtocol = .tcp, on address: String? = nil,
    if conditions: Conditions? = nil, masquerading sources: [Prefix] = []
  ) throws -> PortForward {
    PortForward(
      port: 8080, on: try address.map { try Self.address($0) }, to: try endpoint(family, transport), if: conditions,
      masquerading: sources)
  }

  static func conditions(_ family: AddressFamily, network: String = "net") throws -> Conditions {
    let source = try prefix(family == .ip ? "192.0.2.0/24" : "2001:db8::/32")
    return Conditions(network: network, family: family, all: [Condition(.source([source]))])
  }

  /// `10.0.0.0/8` without `10.1.0.0/16`, or for IPv6 all but the first half.
  static func denied(_ family: AddressFamily, network: String = "net") throws -> DeniedDestinations {
    let limits =
      family == .ip ? [("10.0.0.0", "10.1.0.0"), ("10.2.0.0", "11.0.0.0")] : [("8000::", nil)] as [(String, String?)]
    let ranges = try limits.map { AddressRange(first: try address($0), end: try $1.map { try address($0) }) }
    return DeniedDestinations(network: network, family: family, ranges: ranges)
  }

  /// The elements of some forwards to the owner.
  static func ports(_ forwards: PortForward...) -> AttachmentElements {
    AttachmentElements(PortForwardingRequest(owner, forwards))
  }

  static func filter(
    of owner: CNI.Attachment = owner, accepts: [ForwardAccept] = [], isolations: [Isolation] = [],
    restrictions: [Restriction] = [], untracked: [PacketSource] = [], bit: Int? = nil, isLegacy: Bool = false
  ) -> ForwardFilterRequest {
    var request = ForwardFilterRequest(owner)
    request.accepts = accepts
    request.isolations = isolations
    request.restrictions = restrictions
    request.untracked = untracked
    request.acceptMarkBit = bit
    request.usesLegacyTables = isLegacy
    return request
  }

  /// The elements of a firewall request of the owner.
  static func firewall(
    of owner: CNI.Attachment = owner, accepts: [ForwardAccept] = [], isolations: [Isolation] = [],
    restrictions: [Restriction] = [], untracked: [PacketSource] = [], bit: Int? = nil, isLegacy: Bool = false
  ) -> AttachmentElements {
    AttachmentElements(
      filter(
        of: owner, accepts: accepts, isolations: isolations, restrictions: restrictions, untracked: untracked, bit: bit,
        isLegacy: isLegacy))
  }

  /// The record of the owner with this number of other elements.
  static func record(_ feature: Feature, owning count: Int, isLegacy: Bool = false) -> Element {
    Element(
      Element.ID(of: owner, in: feature),
      comment: Comment(text: "net/id/eth0 \(count)\(isLegacy ? " legacy" : "")"))
  }
}
