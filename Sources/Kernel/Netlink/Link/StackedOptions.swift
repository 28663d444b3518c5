// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CLinux

/// Options of a macvlan (`IFLA_MACVLAN_…`).
package struct MacvlanOptions: Equatable, Sendable {
  /// `MACVLAN_MODE_…` (linux/if_link.h).
  package struct Mode: RawRepresentable, Equatable, Sendable {
    package let rawValue: UInt32
    package init(rawValue: UInt32) { self.rawValue = rawValue }
    package static let `private` = Mode(rawValue: MACVLAN_MODE_PRIVATE.rawValue)
    package static let vepa = Mode(rawValue: MACVLAN_MODE_VEPA.rawValue)
    package static let bridge = Mode(rawValue: MACVLAN_MODE_BRIDGE.rawValue)
    package static let passthru = Mode(rawValue: MACVLAN_MODE_PASSTHRU.rawValue)
  }

  package var mode: Mode?
  /// `MACVLAN_FLAG_NOPROMISC` and others.
  package var flags: UInt16?
  /// The length of the parent's queue for broadcasts, in packets.
  package var broadcastQueueLength: UInt32?

  package init(mode: Mode? = nil) { self.mode = mode }

  func append(to data: inout NetlinkMessage) {
    data.attribute(IFLA_MACVLAN_MODE, ifPresent: mode?.rawValue)
    data.attribute(IFLA_MACVLAN_FLAGS, ifPresent: flags)
    data.attribute(IFLA_MACVLAN_BC_QUEUE_LEN, ifPresent: broadcastQueueLength)
  }

  init(_ data: ArraySlice<UInt8>) {
    let values = Attributes(data)
    mode = values[Int(IFLA_MACVLAN_MODE)]?.integer(UInt32.self, at: 0).map { Mode(rawValue: $0) }
    flags = values[Int(IFLA_MACVLAN_FLAGS)]?.integer(UInt16.self, at: 0)
    broadcastQueueLength = values[Int(IFLA_MACVLAN_BC_QUEUE_LEN)]?.integer(UInt32.self, at: 0)
  }
}

/// Options of an ipvlan (`IFLA_IPVLAN_…`).
package struct IPVLANOptions: Equatable, Sendable {
  /// `IPVLAN_MODE_…` (linux/if_link.h).
  package struct Mode: RawRepresentable, Equatable, Sendable {
    package let rawValue: UInt16
    package init(rawValue: UInt16) { self.rawValue = rawValue }
    package static let l2 = Mode(rawValue: UInt16(IPVLAN_MODE_L2.rawValue))
    package static let l3 = Mode(rawValue: UInt16(IPVLAN_MODE_L3.rawValue))
    package static let l3s = Mode(rawValue: UInt16(IPVLAN_MODE_L3S.rawValue))
  }

  package var mode: Mode?
  /// `IPVLAN_F_PRIVATE`, `IPVLAN_F_VEPA`.
  package var flags: UInt16?

  package init(mode: Mode? = nil) { self.mode = mode }

  func append(to data: inout NetlinkMessage) {
    data.attribute(IFLA_IPVLAN_MODE, ifPresent: mode?.rawValue)
    data.attribute(IFLA_IPVLAN_FLAGS, ifPresent: flags)
  }

  init(_ data: ArraySlice<UInt8>) {
    let values = Attributes(data)
    mode = values[Int(IFLA_IPVLAN_MODE)]?.integer(UInt16.self, at: 0).map { Mode(rawValue: $0) }
    flags = values[Int(IFLA_IPVLAN_FLAGS)]?.integer(UInt16.self, at: 0)
  }
}

/// Options of a VLAN (`IFLA_VLAN_…`).
package struct VLANOptions: Equatable, Sendable {
  /// 0…4094.
  package var id: UInt16
  /// `ETH_P_8021Q` or `ETH_P_8021AD`, in host byte order.
  package var `protocol`: UInt16?

  package init(id: UInt16, protocol: UInt16? = nil) {
    self.id = id
    self.protocol = `protocol`
  }

  func append(to data: inout NetlinkMessage) {
    data.attribute(IFLA_VLAN_ID, id)
    data.attribute(IFLA_VLAN_PROTOCOL, ifPresent: `protocol`?.bigEndian)
  }

  init(_ data: ArraySlice<UInt8>) {
    let values = Attributes(data)
    id = values[Int(IFLA_VLAN_ID)]?.integer(UInt16.self, at: 0) ?? 0
    `protocol` = values[Int(IFLA_VLAN_PROTOCOL)]?.integer(UInt16.self, at: 0)?.bigEndian
  }
}
