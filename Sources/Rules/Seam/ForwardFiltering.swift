// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address

/// Packets that this host forwards from an address, and the answers to it, are let through.
package struct ForwardAccept: Hashable, Sendable {
  package let address: IPAddress
  /// The zone of firewalld that the address is put into besides; nil for none.
  package let zone: String?

  /// How much of a zone's name backends remember, in bytes; firewalld's own limit (functions.py, max_zone_name_len).
  package static let zoneLimit = 17

  package init(_ address: IPAddress, zone: String? = nil) {
    self.address = address
    self.zone = zone
  }
}

/// Who does not reach the containers on a bridge.
package struct Isolation: Hashable, Sendable {
  package enum Kind: Hashable, Sendable {
    /// Those on other bridges that are isolated too.
    case sameBridge
    /// These, and those on the same bridge.
    case isolated
  }

  /// The bridge's name.
  package let bridge: String
  package let kind: Kind
  /// The name of the container's port of the bridge, where it is known.
  package let port: String?

  package init(bridge: String, _ kind: Kind, port: String? = nil) {
    self.bridge = bridge
    self.kind = kind
    self.port = port
  }
}

/// A port of a bridge that an attachment with isolation is recorded with.
package struct RecordedPort: Equatable, Sendable {
  package let name: String
  /// Whether the bridge port's own isolation was switched on for the attachment.
  package let isIsolated: Bool

  package init(name: String, isIsolated: Bool) {
    self.name = name
    self.isIsolated = isIsolated
  }
}

/// By what the packets of a container are known that this host forwards.
package enum PacketSource: Hashable, Sendable {
  /// By the address they come from.
  case address(IPAddress)
  /// By the host's end of the container's veth, whatever address they come from.
  case veth(String)
  /// By the bridge that the container is on, if they come from an address that no container is accepted with.
  case bridge(String)
}

/// A container does not begin connections to some destinations.
package struct Restriction: Hashable, Sendable {
  package let source: PacketSource
  package let denied: DeniedDestinations

  package init(_ source: PacketSource, _ denied: DeniedDestinations) {
    self.source = source
    self.denied = denied
  }
}

/// What the containers of a network do not reach in a family.
package struct DeniedDestinations: Hashable, Sendable {
  package let network: String
  package let family: AddressFamily
  /// In their order, none touching another.
  package let ranges: [AddressRange]

  package init(network: String, family: AddressFamily, ranges: [AddressRange]) {
    self.network = network
    self.family = family
    self.ranges = ranges
  }
}

/// Addresses from the first to before the end.
package struct AddressRange: Hashable, Sendable, CustomStringConvertible {
  package let first: IPAddress
  /// Nil if the last address there is is the last of these.
  package let end: IPAddress?

  package init(first: IPAddress, end: IPAddress?) {
    self.first = first
    self.end = end
  }

  package var description: String { "\(first)..<\(end.map { "\($0)" } ?? "")" }
}
