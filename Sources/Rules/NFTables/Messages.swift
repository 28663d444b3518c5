// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CLinux
import Netlink

extension NetlinkMessage {
  /// A message about something of our table.
  init(nft type: nf_tables_msg_types, flags: Int32 = 0, family: UInt8 = Table.family) {
    self.init(nfTables: type, flags: flags, family: family)
  }
}
