// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI
import NFTables
import Netlink

extension Table {
  /// The tables in which upstream's portmap keeps one or more rules a mapping.
  static let upstreamPorts = [Table(.ip, "cni_hostport"), Table(.ip6, "cni_hostport")]
}

extension Session {
  /// The deletions of all rules of these tables that upstream's plugin has added for an attachment.
  func deletions(
    of attachment: Attachment, for feature: Feature, in tables: [Table]
  ) throws(NetlinkError) -> [NetlinkMessage] {
    if tables.isEmpty { return [] }
    let isOwned = feature.isUpstreamComment(attachment)
    var messages: [NetlinkMessage] = []
    for table in tables {
      messages += try rules(of: table).filter { $0.comment.map { isOwned($0.text) } ?? false }.map { $0.deletion() }
    }
    return messages
  }
}
