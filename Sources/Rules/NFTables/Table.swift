// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CLinux
import Netlink

/// Our table, `inet swift_cni`. What of it a plugin needs is a ``Part``.
enum Table {
  static let name = "swift_cni"
  /// NFPROTO_INET (linux/netfilter.h): IPv4 and IPv6.
  static let family: UInt8 = 1

  /// Asks for the table.
  static func get() -> NetlinkMessage {
    var message = NetlinkMessage(nft: NFT_MSG_GETTABLE)
    message.attribute(NFTA_TABLE_NAME.rawValue, text: name)
    return message
  }

  static func isDormant(_ reply: NetlinkReply) -> Bool {
    let flags = reply.attributes(after: 4)[Int(NFTA_TABLE_FLAGS.rawValue)]?.integer(UInt32.self, at: 0)?.bigEndian ?? 0
    return flags & UInt32(NFT_TABLE_F_DORMANT.rawValue) != 0
  }

  static func message() -> NetlinkMessage {
    var message = NetlinkMessage(nft: NFT_MSG_NEWTABLE, flags: NLM_F_CREATE)
    message.attribute(NFTA_TABLE_NAME.rawValue, text: name)
    message.attribute(NFTA_TABLE_FLAGS.rawValue, UInt32(0))
    return message
  }
}

extension AddressFamily {
  /// What the names of sets and chains for this family end with, or have in front of what tells them apart.
  var suffix: String { self == .ip ? "4" : "6" }
}
