// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CLinux
import Glibc

/// A network interface as the kernel has it (rtnetlink(7), `RTM_NEWLINK`).
package struct Link: Equatable, Sendable {
  package let index: UInt32
  package internal(set) var name = ""
  /// The driver's name, such as `veth` (`IFLA_INFO_KIND`); empty for hardware and for `lo`.
  package internal(set) var kind = ""
  package let isUp: Bool
  /// Whether it can send and receive (`IFF_LOWER_UP`).
  package let hasCarrier: Bool
  /// All are set, except the address of an interface that has none.
  package internal(set) var attributes = LinkAttributes()
  /// The hardware's own MAC address; nil for virtual interfaces.
  package internal(set) var permanentAddress: MACAddress?
  /// The name of the device on its bus, such as a PCI address (kernel 5.14 and later); nil for virtual interfaces.
  package internal(set) var parentDevice: String?
  /// The operational state (RFC 2863).
  package internal(set) var operState = OperState.unknown
  /// Alternative names (`ip link property add … altname`).
  package internal(set) var alternativeNames: [String] = []
  /// The index of its master, such as a bridge; nil if it has none.
  package internal(set) var master: UInt32?
  /// The interface that `IFLA_LINK` names.
  var link: Reference?
  /// The driver's data (`IFLA_INFO_DATA`), decoded by ``details``.
  var kindData: ArraySlice<UInt8> = []
  /// The kind of its master, such as `bridge` (`IFLA_INFO_SLAVE_KIND`), and the master's data about it (`IFLA_INFO_SLAVE_DATA`).
  var portKind = ""
  var portData: ArraySlice<UInt8> = []

  /// An interface of this namespace or of another one.
  package struct Reference: Equatable, Sendable {
    package let index: UInt32
    /// This namespace's ID for the other namespace (`RTM_GETNSID`); nil for this namespace.
    package let netnsID: Int32?

    package init(index: UInt32, netnsID: Int32?) {
      self.index = index
      self.netnsID = netnsID
    }
  }

  /// `IF_OPER_…` (linux/if.h).
  package struct OperState: RawRepresentable, Equatable, Sendable {
    package let rawValue: UInt8
    package init(rawValue: UInt8) { self.rawValue = rawValue }
    package static let unknown = OperState(rawValue: 0)
    package static let down = OperState(rawValue: 2)
    package static let lowerLayerDown = OperState(rawValue: 3)
    package static let dormant = OperState(rawValue: 5)
    package static let up = OperState(rawValue: 6)
  }
}

extension Link {
  /// The other end of a veth; nil for other kinds.
  package var peer: Reference? { kind == "veth" ? link : nil }

  /// The lower interface of a stacked one, such as a macvlan's parent; nil if there is none.
  package var parent: Reference? { kind == "veth" ? nil : link }

  /// Its kind, with the kind's options.
  package var details: LinkKind { LinkKind(kind, kindData) }
}
