// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address

/// An accept: forwarded packets from an address pass, and so do replies to it.
package struct ForwardAccept: Hashable, Sendable {
  package let address: IPAddress
  /// The zone of firewalld that the address is also in; nil for none.
  package let zone: String?

  /// The number of bytes of a zone's name that backends record: firewalld's own limit (functions.py, max_zone_name_len).
  package static let zoneLimit = 17

  package init(_ address: IPAddress, zone: String? = nil) {
    self.address = address
    self.zone = zone
  }
}

/// The isolation of the containers on a bridge from other containers.
package struct Isolation: Hashable, Sendable {
  package enum Kind: Hashable, Sendable {
    /// Containers on other isolated bridges do not reach them.
    case sameBridge
    /// Neither do containers on the same bridge.
    case isolated
  }

  /// The bridge's name.
  package let bridge: String
  package let kind: Kind
  /// The name of the container's bridge port, where it is known.
  package let port: String?

  package init(bridge: String, _ kind: Kind, port: String? = nil) {
    self.bridge = bridge
    self.kind = kind
    self.port = port
  }
}

/// A bridge port in the record of an attachment.
package struct RecordedPort: Equatable, Sendable {
  package let name: String
  /// Whether the kernel's isolation of the bridge port was switched on for the attachment.
  package let isIsolated: Bool

  package init(name: String, isIsolated: Bool) {
    self.name = name
    self.isIsolated = isIsolated
  }
}

/// How the forwarded packets of a container are recognized.
package enum PacketSource: Hashable, Sendable {
  /// By their source address.
  case address(IPAddress)
  /// By the host end of the container's veth, whatever their source address is.
  case veth(String)
  /// By the container's bridge, if their source address is not accepted for any container.
  case bridge(String)
}

/// A container must not open connections to some destinations.
package struct Restriction: Hashable, Sendable {
  package let source: PacketSource
  package let denied: DeniedDestinations

  package init(_ source: PacketSource, _ denied: DeniedDestinations) {
    self.source = source
    self.denied = denied
  }
}

/// The destinations in one family that the containers of a network do not reach.
package struct DeniedDestinations: Hashable, Sendable {
  package let network: String
  package let family: AddressFamily
  /// In ascending order; no two touch each other.
  package let ranges: [AddressRange]

  package init(network: String, family: AddressFamily, ranges: [AddressRange]) {
    self.network = network
    self.family = family
    self.ranges = ranges
  }
}

/// The addresses from `first` to the one before `end`.
package struct AddressRange: Hashable, Sendable, CustomStringConvertible {
  package let first: IPAddress
  /// Nil if the range ends with the last address of the family.
  package let end: IPAddress?

  package init(first: IPAddress, end: IPAddress?) {
    self.first = first
    self.end = end
  }

  package var description: String { "\(first)..<\(end.map { "\($0)" } ?? "")" }
}
