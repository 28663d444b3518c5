// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CLinux

/// Options of a bridge (`ip link … type bridge`, `IFLA_BR_…`). Times are in hundredths of a second (USER_HZ).
package struct BridgeOptions: Equatable, Sendable {
  package var forwardDelay: UInt32?
  package var helloTime: UInt32?
  package var maxAge: UInt32?
  package var ageingTime: UInt32?
  package var stp: Bool?
  package var priority: UInt16?
  package var vlanFiltering: Bool?
  /// `ETH_P_8021Q` or `ETH_P_8021AD`, in host byte order.
  package var vlanProtocol: UInt16?
  /// The VLAN that a new port gets as PVID; 0 for none.
  package var vlanDefaultPVID: UInt16?
  package var groupForwardMask: UInt16?
  package var multicastSnooping: Bool?
  package var multicastQuerier: Bool?

  package init() {}

  func append(to data: inout NetlinkMessage) {
    data.attribute(IFLA_BR_FORWARD_DELAY, ifPresent: forwardDelay)
    data.attribute(IFLA_BR_HELLO_TIME, ifPresent: helloTime)
    data.attribute(IFLA_BR_MAX_AGE, ifPresent: maxAge)
    data.attribute(IFLA_BR_AGEING_TIME, ifPresent: ageingTime)
    data.attribute(IFLA_BR_STP_STATE, ifPresent: stp.map { UInt32($0 ? 1 : 0) })
    data.attribute(IFLA_BR_PRIORITY, ifPresent: priority)
    data.attribute(IFLA_BR_VLAN_FILTERING, flag: vlanFiltering)
    data.attribute(IFLA_BR_VLAN_PROTOCOL, ifPresent: vlanProtocol?.bigEndian)
    data.attribute(IFLA_BR_VLAN_DEFAULT_PVID, ifPresent: vlanDefaultPVID)
    data.attribute(IFLA_BR_GROUP_FWD_MASK, ifPresent: groupForwardMask)
    data.attribute(IFLA_BR_MCAST_SNOOPING, flag: multicastSnooping)
    data.attribute(IFLA_BR_MCAST_QUERIER, flag: multicastQuerier)
  }

  init(_ data: ArraySlice<UInt8>) {
    for (type, value) in AttributeList(data) {
      switch type {
      case Int(IFLA_BR_FORWARD_DELAY): forwardDelay = value.integer(UInt32.self, at: 0)
      case Int(IFLA_BR_HELLO_TIME): helloTime = value.integer(UInt32.self, at: 0)
      case Int(IFLA_BR_MAX_AGE): maxAge = value.integer(UInt32.self, at: 0)
      case Int(IFLA_BR_AGEING_TIME): ageingTime = value.integer(UInt32.self, at: 0)
      case Int(IFLA_BR_STP_STATE): stp = value.integer(UInt32.self, at: 0).map { $0 != 0 }
      case Int(IFLA_BR_PRIORITY): priority = value.integer(UInt16.self, at: 0)
      case Int(IFLA_BR_VLAN_FILTERING): vlanFiltering = value.flag
      case Int(IFLA_BR_VLAN_PROTOCOL): vlanProtocol = value.integer(UInt16.self, at: 0)?.bigEndian
      case Int(IFLA_BR_VLAN_DEFAULT_PVID): vlanDefaultPVID = value.integer(UInt16.self, at: 0)
      case Int(IFLA_BR_GROUP_FWD_MASK): groupForwardMask = value.integer(UInt16.self, at: 0)
      case Int(IFLA_BR_MCAST_SNOOPING): multicastSnooping = value.flag
      case Int(IFLA_BR_MCAST_QUERIER): multicastQuerier = value.flag
      default: break
      }
    }
  }
}
