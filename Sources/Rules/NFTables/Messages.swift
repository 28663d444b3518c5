// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CLinux
import Netlink

extension NetlinkMessage {
  /// A message about something of our table.
  init(nft type: nf_tables_msg_types, flags: Int32 = 0, family: UInt8 = Table.family) {
    self.init(nfnetlink: UInt16(NFNL_SUBSYS_NFTABLES) << 8 | UInt16(type.rawValue), flags: flags, family: family)
  }

  /// The same, with attributes that somebody else has built.
  init(nft type: nf_tables_msg_types, flags: Int32, attributes: [UInt8]) {
    self.init(nft: type, flags: flags)
    append(bytes: attributes)
  }

  /// The first message of a batch; with a generation the kernel refuses the batch with `ERESTART` if its rules are no
  /// longer that one.
  static func batchBegin(generation: UInt32?) -> NetlinkMessage {
    var message = batchMark(UInt16(NFNL_MSG_BATCH_BEGIN))
    if let generation { message.attribute(NFNL_BATCH_GENID.rawValue, generation.bigEndian) }
    return message
  }

  /// The last message of a batch; without it the kernel checks the batch and changes nothing.
  static func batchEnd() -> NetlinkMessage { batchMark(UInt16(NFNL_MSG_BATCH_END)) }

  private static func batchMark(_ type: UInt16) -> NetlinkMessage {
    // The resource says which subsystem the batch is for.
    NetlinkMessage(nfnetlink: type, flags: 0, family: 0, resource: UInt16(NFNL_SUBSYS_NFTABLES))
  }
}
