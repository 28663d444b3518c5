// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CLinux
import Glibc
import Netlink

extension NetlinkMessage {
  /// Asks for the generation of the ruleset, which every committed batch of any program raises.
  static func getGeneration() -> NetlinkMessage { NetlinkMessage(nfTables: NFT_MSG_GETGEN, family: 0) }
}

extension NetlinkReply {
  /// The generation of the ruleset, from the reply to a request for it.
  func generation() throws(NetlinkError) -> UInt32 {
    let action = "read the generation of the nftables ruleset"
    // EINVAL is the kernel's reply for a subsystem that does not exist.
    if errorNumber == EINVAL { throw NetlinkError(action, number: EINVAL, explanation: NetlinkError.noTables) }
    if let failure = failure(action) { throw failure }
    guard let generation = nfAttributes.word(NFTA_GEN_ID.rawValue) else { throw NetlinkError(action, number: EPROTO) }
    return generation
  }
}

extension NetfilterSocket {
  /// The generation of the ruleset, which every committed batch of any program raises.
  package func generation() throws(NetlinkError) -> UInt32 {
    guard let reply = try netlink.executeAll([.getGeneration()]).first else {
      throw NetlinkError("read the generation of the nftables ruleset", number: EPROTO)
    }
    return try reply.generation()
  }
}

extension NetlinkError {
  /// Whether the kernel has no nf_tables at all, and so none of our objects.
  package var isNFTablesMissing: Bool {
    number == EPROTONOSUPPORT || number == EINVAL && explanation == NetlinkError.noTables
  }

  package static let noTables = "the kernel has no nf_tables"
}
