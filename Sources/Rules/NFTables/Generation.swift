// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CLinux
import Glibc
import Netlink

extension NetlinkMessage {
  /// Asks for the number of the ruleset, which every committed batch of anybody raises.
  static func getGeneration() -> NetlinkMessage { NetlinkMessage(nfTables: NFT_MSG_GETGEN, family: 0) }
}

extension NetlinkReply {
  /// The number of the ruleset, from the reply to a request for it.
  func generation() throws(NetlinkError) -> UInt32 {
    let action = "read the generation of the nftables ruleset"
    // The reply to a message of a subsystem that is not there.
    if errorNumber == EINVAL { throw NetlinkError(action, number: EINVAL, explanation: NetlinkError.noTables) }
    if let failure = failure(action) { throw failure }
    guard let generation = nfAttributes.word(NFTA_GEN_ID.rawValue) else { throw NetlinkError(action, number: EPROTO) }
    return generation
  }
}

extension NetfilterSocket {
  /// The number of the ruleset, which every committed batch of anybody raises.
  package func generation() throws(NetlinkError) -> UInt32 {
    guard let reply = try netlink.executeAll([.getGeneration()]).first else {
      throw NetlinkError("read the generation of the nftables ruleset", number: EPROTO)
    }
    return try reply.generation()
  }
}

extension NetlinkError {
  /// Whether the kernel has no nf_tables at all, and so nothing that we could have made.
  package var isNFTablesMissing: Bool {
    number == EPROTONOSUPPORT || number == EINVAL && explanation == NetlinkError.noTables
  }

  package static let noTables = "the kernel has no nf_tables"
}
