// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CLinux
import Testing

@testable import NFTables
@testable import Netlink

extension NetlinkMessage {
  /// The message as whoever it is sent to takes it from the wire.
  func received() throws -> NetlinkReply {
    let replies = NetlinkReply.split(bytes(sequence: 7))
    try #require(replies.count == 1)
    return replies[0]
  }

  /// The attributes of a message of nf_tables.
  func attributes() throws -> Attributes { try received().attributes(after: 4) }
}

/// A table like any other.
let table = Table(.inet, "swift_cni")

extension NFTRule {
  /// The steps of the rule after it went over the wire.
  func reread() throws -> [Expression]? {
    Expression.decoded(try table.add(self).attributes()[Int(NFTA_RULE_EXPRESSIONS.rawValue)] ?? [])
  }
}
