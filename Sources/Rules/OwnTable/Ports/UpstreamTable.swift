// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import NFTables
import Netlink

extension Table {
  /// The tables in which upstream's portmap keeps one or more rules a mapping.
  static let upstreamPorts = [Table(.ip, "cni_hostport"), Table(.ip6, "cni_hostport")]
}

extension Session {
  /// The deletions of all rules of these tables that carry the container's ID as their comment.
  func deletions(
    of containerID: String, in tables: [Table]
  ) throws(NetlinkError) -> [NetlinkMessage] {
    var messages: [NetlinkMessage] = []
    for table in tables {
      messages += try rules(of: table).filter { $0.comment?.text == containerID }.map { $0.deletion() }
    }
    return messages
  }
}
