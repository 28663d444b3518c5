// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CLinux
import CNI
import Netlink

/// A table in which upstream's portmap keeps one or more rules a mapping: `ip cni_hostport`, `ip6 cni_hostport`.
struct ForeignTable: Hashable, Sendable {
  static let name = "cni_hostport"
  static let all = AddressFamily.allCases.map { ForeignTable(family: $0.number) }

  let family: UInt8

  /// Asks whether the table is there.
  func get() -> NetlinkMessage {
    var message = NetlinkMessage(nft: NFT_MSG_GETTABLE, family: family)
    message.attribute(NFTA_TABLE_NAME.rawValue, text: Self.name)
    return message
  }

  /// The deletions of all rules that carry the container's ID as their comment.
  func deletions(of containerID: String, _ session: borrowing Session) throws(NetlinkError) -> [NetlinkMessage] {
    var request = NetlinkMessage(nft: NFT_MSG_GETRULE, flags: NLM_F_DUMP, family: family)
    request.attribute(NFTA_RULE_TABLE.rawValue, text: Self.name)
    return try session.list(request, "list the rules of \(Self.name)").compactMap { reply in
      let rule = reply.attributes(after: 4)
      guard
        rule[Int(NFTA_RULE_TABLE.rawValue)]?.text == Self.name,
        let chain = rule[Int(NFTA_RULE_CHAIN.rawValue)]?.text,
        let handle = rule[Int(NFTA_RULE_HANDLE.rawValue)],
        let comment = rule[Int(NFTA_RULE_USERDATA.rawValue)].flatMap({ Comment(userData: $0) }),
        comment.text == containerID
      else { return nil }
      var message = NetlinkMessage(nft: NFT_MSG_DELRULE, family: family)
      message.attribute(NFTA_RULE_TABLE.rawValue, text: Self.name)
      message.attribute(NFTA_RULE_CHAIN.rawValue, text: chain)
      message.attribute(NFTA_RULE_HANDLE.rawValue, Array(handle))
      return message
    }
  }
}
