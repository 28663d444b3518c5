// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CLinux
import Glibc

extension Link {
  /// The length of struct ifinfomsg: family, padding, type, index, flags, change.
  static let headerLength = 16

  /// Reads a reply to `RTM_GETLINK`, or an event.
  init(_ reply: NetlinkReply) {
    let flags = reply.payload.integer(UInt32.self, at: 8) ?? 0
    index = reply.payload.integer(UInt32.self, at: 4) ?? 0
    isUp = flags & UInt32(IFF_UP) != 0
    hasCarrier = flags & cni_iff_lower_up != 0
    attributes.alias = ""
    attributes.group = 0
    attributes.isPromiscuous = flags & UInt32(IFF_PROMISC) != 0
    attributes.receivesAllMulticast = flags & UInt32(IFF_ALLMULTI) != 0
    var netnsID: Int32?
    // One pass, because the kernel sends some fifty attributes for each interface.
    for (type, value) in AttributeList(reply.payload.dropFirst(Self.headerLength)) {
      switch type {
      case Int(IFLA_IFNAME): name = value.text
      case Int(IFLA_ADDRESS): attributes.address = MACAddress(bytes: Array(value))
      case Int(IFLA_PERM_ADDRESS): permanentAddress = MACAddress(bytes: Array(value))
      case Int(IFLA_MTU): attributes.mtu = value.integer(UInt32.self, at: 0)
      case Int(IFLA_TXQLEN): attributes.transmitQueueLength = value.integer(UInt32.self, at: 0)
      case Int(IFLA_IFALIAS): attributes.alias = value.text
      case Int(IFLA_GROUP): attributes.group = value.integer(UInt32.self, at: 0) ?? 0
      case Int(IFLA_OPERSTATE): operState = OperState(rawValue: value.first ?? 0)
      case Int(IFLA_MASTER): master = value.integer(UInt32.self, at: 0)
      case Int(IFLA_LINK): link = value.integer(UInt32.self, at: 0).map { Reference(index: $0, netnsID: nil) }
      case Int(IFLA_PARENT_DEV_NAME): parentDevice = value.text
      case Int(IFLA_LINK_NETNSID): netnsID = value.integer(Int32.self, at: 0)
      case Int(IFLA_PROP_LIST): readAlternativeNames(value)
      case Int(IFLA_LINKINFO): readInfo(value)
      default: break
      }
    }
    if let index = link?.index { link = Reference(index: index, netnsID: netnsID) }
  }

  private mutating func readAlternativeNames(_ properties: ArraySlice<UInt8>) {
    for (type, value) in AttributeList(properties) where type == Int(IFLA_ALT_IFNAME) {
      alternativeNames.append(value.text)
    }
  }

  private mutating func readInfo(_ info: ArraySlice<UInt8>) {
    for (type, value) in AttributeList(info) {
      switch type {
      case Int(IFLA_INFO_KIND): kind = value.text
      case Int(IFLA_INFO_DATA): kindData = value
      case Int(IFLA_INFO_SLAVE_KIND): portKind = value.text
      case Int(IFLA_INFO_SLAVE_DATA): portData = value
      default: break
      }
    }
  }
}
