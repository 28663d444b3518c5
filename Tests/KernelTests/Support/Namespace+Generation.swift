// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CLinux
import Netlink
import TestSupport
import Testing

extension Namespace {
  /// The generation of the nftables ruleset, which every change raises.
  func nftablesGeneration() throws -> Int {
    let type = UInt16(NFNL_SUBSYS_NFTABLES) << 8 | UInt16(NFT_MSG_GETGEN.rawValue)
    let reply = try run {
      try NetfilterSocket.open().netlink.execute(NetlinkMessage(nfnetlink: type, family: 0), "read the generation")
    }
    let number = reply.attributes(after: 4)[Int(NFTA_GEN_ID.rawValue)]?.integer(UInt32.self, at: 0)
    return Int(try #require(number).bigEndian)
  }
}
