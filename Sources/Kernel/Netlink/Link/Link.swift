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
  /// All of them set, but for the address of an interface that has none.
  package internal(set) var attributes = LinkAttributes()
  /// The MAC address that the hardware came with; nil if it has none, as virtual interfaces.
  package internal(set) var permanentAddress: MACAddress?
  /// Whether packets can pass (RFC 2863).
  package internal(set) var operState = OperState.unknown
  /// Other names by which it is found.
  package internal(set) var alternativeNames: [String] = []
  /// The index of what it is a port of, such as a bridge; nil if it is none.
  package internal(set) var master: UInt32?
  /// The interface that `IFLA_LINK` names.
  var link: Reference?
  /// What its driver tells of it (`IFLA_INFO_DATA`), read by ``details``.
  var kindData: ArraySlice<UInt8> = []
  /// The kind of its master, such as `bridge`, and what that tells of it as a port.
  var portKind = ""
  var portData: ArraySlice<UInt8> = []

  /// An interface of this namespace or of another one.
  package struct Reference: Equatable, Sendable {
    package let index: UInt32
    /// The number by which this namespace knows the other (`RTM_GETNSID`); nil if it is this one.
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

  /// The interface that a stacked one stands on, such as the master of a macvlan; nil if there is none.
  package var parent: Reference? { kind == "veth" ? nil : link }

  /// What kind of interface it is, with its options.
  package var details: LinkKind { LinkKind(kind, kindData) }
}
