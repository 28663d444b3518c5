// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CLinux
import Glibc
import Netlink

extension NetfilterSocket {
  /// Whether rules of nf_tables can have matches and targets of x_tables (`nft_compat`), as those of iptables-nft have.
  package func hasXTablesInNFTables() throws(NetlinkError) -> Bool {
    var request = NetlinkMessage(
      nfnetlink: UInt16(NFNL_SUBSYS_NFT_COMPAT) << 8 | UInt16(NFNL_MSG_COMPAT_GET), family: UInt8(AF_INET))
    request.attribute(NFTA_COMPAT_NAME, text: "comment")
    request.attribute(NFTA_COMPAT_REV, UInt32(0))
    // A match, not a target.
    request.attribute(NFTA_COMPAT_TYPE, UInt32(0))
    do throws(NetlinkError) {
      try netlink.execute(request, "look for nft_compat")
      return true
    } catch {
      // EINVAL means that the subsystem is missing; other errors are about the match.
      return error.number != EINVAL
    }
  }
}
