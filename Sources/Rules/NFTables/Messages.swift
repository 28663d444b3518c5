// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CLinux
import Netlink

extension NetlinkMessage {
  /// A message about something of our table.
  init(nft type: nf_tables_msg_types, flags: Int32 = 0, family: UInt8 = Table.family) {
    self.init(nfTables: type, flags: flags, family: family)
  }

  /// The same, with attributes that somebody else has built.
  init(nft type: nf_tables_msg_types, flags: Int32, attributes: [UInt8]) {
    self.init(nft: type, flags: flags)
    append(bytes: attributes)
  }
}
