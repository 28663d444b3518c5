// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CLinux
import Glibc

/// An address of an interface (rtnetlink(7), `RTM_NEWADDR`).
package struct InterfaceAddress: Equatable, Sendable {
  /// The interface's index.
  package var interface: UInt32
  package var address: IPAddress
  /// The length of the network's prefix, in bits; of a point-to-point link that of the other end.
  package var prefixLength: Int
  /// The other end of a point-to-point link.
  package var peer: IPAddress?
  package var broadcast: IPAddress?
  package var scope = RouteScope.universe
  package var flags: Flags = []
  /// A name of IPv4 that begins with the interface's.
  package var label: String?
  /// In seconds; nil for an address that stays.
  package var validLifetime: UInt32?
  package var preferredLifetime: UInt32?
  /// The metric of the route to the prefix, which the kernel makes.
  package var metric: UInt32?

  /// An address with the prefix of its network. An IPv4 address has no broadcast address by itself: see ``usualBroadcast``.
  package init(_ prefix: Prefix, of interface: UInt32, flags: Flags = []) {
    self.interface = interface
    address = prefix.address
    prefixLength = prefix.length
    self.flags = flags
  }

  /// `IFA_F_…` (linux/if_addr.h).
  package struct Flags: OptionSet, Sendable {
    package let rawValue: UInt32
    package init(rawValue: UInt32) { self.rawValue = rawValue }
    private init(_ flag: Int32) { rawValue = UInt32(bitPattern: flag) }

    /// IPv4: not the first of its network; IPv6: temporary (RFC 8981).
    package static let secondary = Flags(IFA_F_SECONDARY)
    /// The kernel does not look for duplicates: for an address that nobody else can have.
    package static let noDAD = Flags(IFA_F_NODAD)
    package static let optimistic = Flags(IFA_F_OPTIMISTIC)
    /// Somebody else has the address.
    package static let dadFailed = Flags(IFA_F_DADFAILED)
    package static let deprecated = Flags(IFA_F_DEPRECATED)
    /// The kernel still looks for duplicates, and does not use the address.
    package static let tentative = Flags(IFA_F_TENTATIVE)
    package static let permanent = Flags(IFA_F_PERMANENT)
    package static let noPrefixRoute = Flags(IFA_F_NOPREFIXROUTE)
  }
}

extension InterfaceAddress {
  /// The address with its network's prefix length.
  package var prefix: Prefix { Prefix(address, length: prefixLength) ?? Prefix(host: address) }

  /// The last address of an IPv4 network, which `ip` takes for its broadcast address with `brd +`; nil for IPv6, and where a
  /// network has none (RFC 3021).
  package var usualBroadcast: IPAddress? { address.family == .ip && prefixLength < 31 ? prefix.last : nil }
}
