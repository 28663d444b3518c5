// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CLinux
import Glibc

/// Attributes that can be set on interfaces of every kind; nil leaves one unchanged.
package struct LinkAttributes: Equatable, Sendable {
  package var address: MACAddress?
  /// In bytes.
  package var mtu: UInt32?
  package var isPromiscuous: Bool?
  /// Whether it receives packets of all multicast groups (`IFF_ALLMULTI`).
  package var receivesAllMulticast: Bool?
  /// In packets.
  package var transmitQueueLength: UInt32?
  package var alias: String?
  package var group: UInt32?

  package init() {}

  package var isEmpty: Bool { self == LinkAttributes() }
}

extension LinkAttributes {
  /// The flags of struct ifinfomsg, and the mask of the flags to change.
  func flags(isUp: Bool? = nil) -> (values: UInt32, mask: UInt32) {
    var (values, mask): (UInt32, UInt32) = (0, 0)
    func set(_ value: Bool?, _ flag: Int) {
      guard let value else { return }
      mask |= UInt32(flag)
      if value { values |= UInt32(flag) }
    }
    set(isUp, Int(IFF_UP))
    set(isPromiscuous, Int(IFF_PROMISC))
    set(receivesAllMulticast, Int(IFF_ALLMULTI))
    return (values, mask)
  }

  /// Appends all attributes; the flags are in struct ifinfomsg.
  func append(to message: inout NetlinkMessage) {
    if let address { message.attribute(IFLA_ADDRESS, address.bytes) }
    message.attribute(IFLA_MTU, ifPresent: mtu)
    message.attribute(IFLA_TXQLEN, ifPresent: transmitQueueLength)
    if let alias { message.attribute(IFLA_IFALIAS, Array(alias.utf8)) }
    message.attribute(IFLA_GROUP, ifPresent: group)
  }
}

extension NetlinkMessage {
  /// A message about a link, with struct ifinfomsg as its fixed part; the kernel changes the flags in the mask.
  init(link type: Int, _ flags: Int32, index: UInt32, linkFlags: (values: UInt32, mask: UInt32) = (0, 0)) {
    self.init(type: UInt16(type), flags: flags)
    append(link: index, linkFlags)
  }

  /// Appends struct ifinfomsg.
  mutating func append(link index: UInt32, _ flags: (values: UInt32, mask: UInt32)) {
    append(UInt32(AF_UNSPEC))
    append(index)
    append(flags.values)
    append(flags.mask)
  }
}
