// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CLinux

/// Options of a bridge's port (`bridge link set`, `IFLA_BRPORT_…`). Options that are nil are not changed.
package struct BridgePortOptions: Equatable, Sendable {
  /// A boolean option, identified by its attribute's number.
  package struct Flag: Equatable, Sendable {
    fileprivate let bit: UInt64
    private init(_ attribute: Int) { bit = 1 << UInt64(attribute) }

    /// Frames may leave through the port that they came in through.
    package static let hairpin = Flag(Int(IFLA_BRPORT_MODE))
    /// Frames do not go to other isolated ports (kernel 4.18 and later).
    package static let isolated = Flag(Int(IFLA_BRPORT_ISOLATED))
    package static let learning = Flag(Int(IFLA_BRPORT_LEARNING))
    package static let unicastFlood = Flag(Int(IFLA_BRPORT_UNICAST_FLOOD))
    package static let multicastFlood = Flag(Int(IFLA_BRPORT_MCAST_FLOOD))
    package static let broadcastFlood = Flag(Int(IFLA_BRPORT_BCAST_FLOOD))
    package static let neighbourSuppression = Flag(Int(IFLA_BRPORT_NEIGH_SUPPRESS))
    package static let bpduGuard = Flag(Int(IFLA_BRPORT_GUARD))
    package static let rootBlock = Flag(Int(IFLA_BRPORT_PROTECT))
    package static let fastLeave = Flag(Int(IFLA_BRPORT_FAST_LEAVE))
    package static let proxyARP = Flag(Int(IFLA_BRPORT_PROXYARP))
    package static let vlanTunnel = Flag(Int(IFLA_BRPORT_VLAN_TUNNEL))
  }

  private var values: UInt64 = 0
  private var mask: UInt64 = 0
  package var priority: UInt16?
  package var cost: UInt32?

  package init() {}

  /// Nil for an option that is not set, or that the kernel does not report.
  package subscript(flag: Flag) -> Bool? {
    get { mask & flag.bit == 0 ? nil : values & flag.bit != 0 }
    set {
      mask = newValue == nil ? mask & ~flag.bit : mask | flag.bit
      values = newValue == true ? values | flag.bit : values & ~flag.bit
    }
  }

  /// `RTM_NEWLINK` for a port; with `isUp` it also brings the port up, after the options are set.
  func message(_ index: UInt32, isUp: Bool? = nil) -> NetlinkMessage {
    let flags = LinkAttributes().flags(isUp: isUp)
    var request = NetlinkMessage(link: RTM_NEWLINK, NLM_F_ACK, index: index, linkFlags: flags)
    request.nested(IFLA_LINKINFO) { info in
      info.attribute(IFLA_INFO_SLAVE_KIND, Array("bridge".utf8))
      info.nested(IFLA_INFO_SLAVE_DATA) { data in
        data.attribute(IFLA_BRPORT_PRIORITY, ifPresent: priority)
        data.attribute(IFLA_BRPORT_COST, ifPresent: cost)
        for attribute in 0..<64 where mask >> UInt64(attribute) & 1 == 1 {
          data.attribute(attribute, UInt8(values >> UInt64(attribute) & 1))
        }
      }
    }
    return request
  }

  /// Reads `IFLA_INFO_SLAVE_DATA`; every one-byte attribute is read as a flag.
  init(_ data: ArraySlice<UInt8>) {
    for (type, value) in AttributeList(data) {
      switch type {
      case Int(IFLA_BRPORT_PRIORITY): priority = value.integer(UInt16.self, at: 0)
      case Int(IFLA_BRPORT_COST): cost = value.integer(UInt32.self, at: 0)
      case Int(IFLA_BRPORT_STATE): break
      default:
        guard type < 64, value.count == 1 else { continue }
        mask |= 1 << UInt64(type)
        if value.first != 0 { values |= 1 << UInt64(type) }
      }
    }
  }
}
