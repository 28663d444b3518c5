// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CLinux
import Testing

@testable import NFTables
@testable import Netlink
@testable import OwnTable

extension NetlinkMessage {
  /// The message as its receiver parses it.
  func received() throws -> NetlinkReply {
    let replies = NetlinkReply.split(bytes(sequence: 7))
    try #require(replies.count == 1)
    return replies[0]
  }
}

extension NFTRule {
  /// The sets that the rule looks up, in order.
  var sets: [String] { expressions.compactMap { if case .lookup(let set, _, _) = $0 { set } else { nil } } }

  /// The expressions of the rule after encoding and decoding.
  func reread() throws -> [Expression]? {
    Expression.decoded(
      try Table.own.add(self).received().nfAttributes[Int(NFTA_RULE_EXPRESSIONS.rawValue)] ?? [])
  }
}
