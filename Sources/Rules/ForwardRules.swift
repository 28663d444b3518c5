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

  package init(bridge: String, _ kind: Kind) {
    self.bridge = bridge
    self.kind = kind
  }
}

/// A container does not begin connections to some destinations.
package struct Restriction: Hashable, Sendable {
  /// The container's.
  package let address: IPAddress
  package let denied: DeniedDestinations

  package init(_ address: IPAddress, _ denied: DeniedDestinations) {
    self.address = address
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

extension [Rule] {
  /// The accepts among the rules.
  package var accepts: [ForwardAccept] {
    compactMap { rule in
      guard case .acceptForwarded(let accept) = rule else { return nil }
      return accept
    }
  }
}
