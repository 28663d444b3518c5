// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CLinux

/// A kind of interface with its options. In a request the driver chooses options that are nil; in a reply nil means that the kernel did
/// not report the option.
package enum LinkKind: Equatable, Sendable {
  /// A pair of interfaces. `peer` is nil in replies: the kernel reports the other end as ``Link/peer``.
  case veth(peer: VethPeer?)
  case bridge(BridgeOptions)
  case macvlan(MacvlanOptions)
  case ipvlan(IPVLANOptions)
  case vlan(VLANOptions)
  case vxlan(VXLANOptions)
  /// A VRF with its routing table.
  case vrf(table: UInt32)
  /// A TUN or TAP interface; only ``TunDevice`` can make one.
  case tun(TunOptions)
  /// A kind without options, such as `dummy` and `ifb`, or an unknown one; empty for hardware.
  case other(String)

  package static let dummy = LinkKind.other("dummy")
  package static let ifb = LinkKind.other("ifb")

  /// The driver's name (`IFLA_INFO_KIND`).
  package var name: String {
    switch self {
    case .veth: "veth"
    case .bridge: "bridge"
    case .macvlan: "macvlan"
    case .ipvlan: "ipvlan"
    case .vlan: "vlan"
    case .vxlan: "vxlan"
    case .vrf: "vrf"
    case .tun: "tun"
    case .other(let name): name
    }
  }

  /// Appends `IFLA_LINKINFO`.
  func append(to message: inout NetlinkMessage) {
    message.nested(IFLA_LINKINFO) { info in
      info.attribute(IFLA_INFO_KIND, text: name)
      switch self {
      case .veth(let peer):
        if let peer { info.nested(IFLA_INFO_DATA) { peer.append(to: &$0) } }
      case .bridge(let options): info.nested(IFLA_INFO_DATA) { options.append(to: &$0) }
      case .macvlan(let options): info.nested(IFLA_INFO_DATA) { options.append(to: &$0) }
      case .ipvlan(let options): info.nested(IFLA_INFO_DATA) { options.append(to: &$0) }
      case .vlan(let options): info.nested(IFLA_INFO_DATA) { options.append(to: &$0) }
      case .vxlan(let options): info.nested(IFLA_INFO_DATA) { options.append(to: &$0) }
      case .vrf(let table): info.nested(IFLA_INFO_DATA) { $0.attribute(IFLA_VRF_TABLE, table) }
      case .tun, .other: break
      }
    }
  }

  /// Reads `IFLA_INFO_DATA` of a kind.
  init(_ kind: String, _ data: ArraySlice<UInt8>) {
    switch kind {
    case "veth": self = .veth(peer: nil)
    case "bridge": self = .bridge(BridgeOptions(data))
    case "macvlan": self = .macvlan(MacvlanOptions(data))
    case "ipvlan": self = .ipvlan(IPVLANOptions(data))
    case "vlan": self = .vlan(VLANOptions(data))
    case "vxlan": self = .vxlan(VXLANOptions(data))
    case "vrf": self = .vrf(table: Attributes(data)[Int(IFLA_VRF_TABLE)]?.integer(UInt32.self, at: 0) ?? 0)
    case "tun": self = .tun(TunOptions(data))
    default: self = .other(kind)
    }
  }
}
