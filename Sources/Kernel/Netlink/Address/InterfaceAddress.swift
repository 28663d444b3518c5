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
  /// In bits; on a point-to-point link it belongs to the peer's address.
  package var prefixLength: Int
  /// The other end of a point-to-point link.
  package var peer: IPAddress?
  package var broadcast: IPAddress?
  package var scope = RouteScope.universe
  package var flags: Flags = []
  /// The label of an IPv4 address (`ip addr … label`), which begins with the interface's name.
  package var label: String?
  /// In seconds; nil for no limit.
  package var validLifetime: UInt32?
  package var preferredLifetime: UInt32?
  /// The metric of the prefix route that the kernel adds.
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
    /// Duplicate address detection is off.
    package static let noDAD = Flags(IFA_F_NODAD)
    package static let optimistic = Flags(IFA_F_OPTIMISTIC)
    /// Duplicate address detection found another host with the address.
    package static let dadFailed = Flags(IFA_F_DADFAILED)
    package static let deprecated = Flags(IFA_F_DEPRECATED)
    /// Duplicate address detection is running; the kernel does not use the address yet.
    package static let tentative = Flags(IFA_F_TENTATIVE)
    package static let permanent = Flags(IFA_F_PERMANENT)
    package static let noPrefixRoute = Flags(IFA_F_NOPREFIXROUTE)
  }
}

extension InterfaceAddress {
  /// The address with its network's prefix length.
  package var prefix: Prefix { Prefix(address, length: prefixLength) ?? Prefix(host: address) }

  /// The broadcast address that `ip addr add … brd +` sets: the last one of an IPv4 network. Nil for IPv6 and for prefixes of 31 and 32
  /// bits (RFC 3021).
  package var usualBroadcast: IPAddress? { address.family == .ip && prefixLength < 31 ? prefix.last : nil }
}
