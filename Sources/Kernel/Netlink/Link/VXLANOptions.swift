// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CLinux

/// Options of a VXLAN (`IFLA_VXLAN_…`).
package struct VXLANOptions: Equatable, Sendable {
  /// The network identifier, of 24 bits.
  package var id: UInt32
  /// The source address of the encapsulating packets.
  package var local: IPAddress?
  /// The destination of frames without an entry in the forwarding table: a multicast group or a host.
  package var remote: IPAddress?
  /// The index of the interface that sends the encapsulating packets.
  package var interface: UInt32?
  /// The UDP port; the kernel's default is 8472.
  package var port: UInt16?
  package var learning: Bool?
  package var ttl: UInt8?
  package var ageing: UInt32?
  package var usesGroupPolicy = false

  package init(id: UInt32) { self.id = id }

  func append(to data: inout NetlinkMessage) {
    data.attribute(IFLA_VXLAN_ID, id)
    if let local { data.attribute(local.family == .ip ? IFLA_VXLAN_LOCAL : IFLA_VXLAN_LOCAL6, local.bytes) }
    if let remote { data.attribute(remote.family == .ip ? IFLA_VXLAN_GROUP : IFLA_VXLAN_GROUP6, remote.bytes) }
    data.attribute(IFLA_VXLAN_LINK, ifPresent: interface)
    data.attribute(IFLA_VXLAN_PORT, ifPresent: port?.bigEndian)
    data.attribute(IFLA_VXLAN_LEARNING, flag: learning)
    data.attribute(IFLA_VXLAN_TTL, ifPresent: ttl)
    data.attribute(IFLA_VXLAN_AGEING, ifPresent: ageing)
    if usesGroupPolicy { data.attribute(IFLA_VXLAN_GBP, []) }
  }

  init(_ data: ArraySlice<UInt8>) {
    id = 0
    for (type, value) in AttributeList(data) {
      switch type {
      case Int(IFLA_VXLAN_ID): id = value.integer(UInt32.self, at: 0) ?? 0
      case Int(IFLA_VXLAN_LOCAL), Int(IFLA_VXLAN_LOCAL6): local = IPAddress(bytes: Array(value))
      case Int(IFLA_VXLAN_GROUP), Int(IFLA_VXLAN_GROUP6): remote = IPAddress(bytes: Array(value))
      case Int(IFLA_VXLAN_LINK): interface = value.integer(UInt32.self, at: 0)
      case Int(IFLA_VXLAN_PORT): port = value.integer(UInt16.self, at: 0)?.bigEndian
      case Int(IFLA_VXLAN_LEARNING): learning = value.flag
      case Int(IFLA_VXLAN_TTL): ttl = value.first
      case Int(IFLA_VXLAN_AGEING): ageing = value.integer(UInt32.self, at: 0)
      case Int(IFLA_VXLAN_GBP): usesGroupPolicy = true
      default: break
      }
    }
  }
}
