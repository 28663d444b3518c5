// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CLinux
import Glibc

/// A feature of an interface, such as `tx-checksum-ip-generic` (net/ethtool/common.c,
/// `netdev_features_strings`).
package struct EthtoolFeature: Equatable, Sendable {
  package let name: String
  package let isOn: Bool
  /// Whether it was requested: it is on as soon as the features that it depends on are on.
  package let isWanted: Bool

  package init(name: String, isOn: Bool, isWanted: Bool? = nil) {
    self.name = name
    self.isOn = isOn
    self.isWanted = isWanted ?? isOn
  }
}

/// The generic netlink family of ethtool (linux/ethtool_netlink.h).
package struct EthtoolFamily: Sendable {
  let number: UInt16
}

extension GenericSocket {
  /// Finds the family's number; throws `ENOENT` on a kernel before 5.6.
  package func ethtool() throws(NetlinkError) -> EthtoolFamily {
    let reply = try netlink.execute(Self.ethtoolFamily(), "find ethtool")
    guard let number = reply.attributes(after: 4)[Int(CTRL_ATTR_FAMILY_ID)]?.integer(UInt16.self, at: 0) else {
      throw NetlinkError("find ethtool", number: EPROTO)
    }
    return EthtoolFamily(number: number)
  }

  /// The features of an interface that can be changed.
  package func features(of interface: String, _ family: EthtoolFamily) throws(NetlinkError) -> [EthtoolFeature] {
    let request = Self.features(UInt8(ETHTOOL_MSG_FEATURES_GET), family, interface)
    let reply = try netlink.execute(request, "read the features of \(interface)").attributes(after: 4)
    // A bitset without a mask lists the set bits; one with a mask lists all bits and marks the set ones by a value.
    let active = Set(Self.names(reply.nested(Int(ETHTOOL_A_FEATURES_ACTIVE)), withValue: false))
    let wanted = Set(Self.names(reply.nested(Int(ETHTOOL_A_FEATURES_WANTED)), withValue: false))
    let changeable = Self.names(reply.nested(Int(ETHTOOL_A_FEATURES_HW)), withValue: true)
    return changeable.map { EthtoolFeature(name: $0, isOn: active.contains($0), isWanted: wanted.contains($0)) }
  }

  /// Switches features on and off; does not change others.
  package func set(
    _ features: [EthtoolFeature], of interface: String, _ family: EthtoolFamily
  ) throws(NetlinkError) {
    // The reply lists what was changed.
    _ = try netlink.executeOptional(
      Self.change(features, of: interface, family), "change the features of \(interface)")
  }

  /// The request for the family's number.
  static func ethtoolFamily() -> NetlinkMessage {
    var request = genericMessage(UInt16(GENL_ID_CTRL), UInt8(CTRL_CMD_GETFAMILY))
    request.attribute(CTRL_ATTR_FAMILY_NAME, Array("ethtool".utf8) + [0])
    return request
  }

  static func change(
    _ features: [EthtoolFeature], of interface: String, _ family: EthtoolFamily
  ) -> NetlinkMessage {
    var request = self.features(UInt8(ETHTOOL_MSG_FEATURES_SET), family, interface)
    request.nested(ETHTOOL_A_FEATURES_WANTED) { wanted in
      wanted.nested(ETHTOOL_A_BITSET_BITS) { bits in
        for feature in features {
          bits.nested(ETHTOOL_A_BITSET_BITS_BIT) { bit in
            bit.attribute(ETHTOOL_A_BITSET_BIT_NAME, Array(feature.name.utf8) + [0])
            if feature.isOn { bit.attribute(ETHTOOL_A_BITSET_BIT_VALUE, []) }
          }
        }
      }
    }
    return request
  }

  static func features(
    _ command: UInt8, _ family: EthtoolFamily, _ interface: String, flags: Int32 = 0
  ) -> NetlinkMessage {
    var message = genericMessage(family.number, command, flags: flags)
    message.nested(ETHTOOL_A_FEATURES_HEADER) {
      $0.attribute(ETHTOOL_A_HEADER_DEV_NAME, Array(interface.utf8) + [0])
    }
    return message
  }

  /// The names of a bitset's bits.
  private static func names(_ bitset: Attributes, withValue: Bool) -> [String] {
    AttributeList(bitset[Int(ETHTOOL_A_BITSET_BITS)] ?? []).compactMap { bit in
      let attributes = Attributes(bit.value)
      if withValue, attributes[Int(ETHTOOL_A_BITSET_BIT_VALUE)] == nil { return nil }
      let name = attributes[Int(ETHTOOL_A_BITSET_BIT_NAME)]?.text ?? ""
      return name.isEmpty ? nil : name
    }
  }

  private static func genericMessage(_ type: UInt16, _ command: UInt8, flags: Int32 = 0) -> NetlinkMessage {
    var message = NetlinkMessage(type: type, flags: flags)
    // struct genlmsghdr: command, version, reserved.
    for byte in [command, 1, 0, 0] { message.append(byte) }
    return message
  }
}
