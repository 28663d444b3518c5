// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI
import NFTables
import Netlink

extension Table {
  /// Our table. What of it a plugin needs is a ``Feature``.
  static let own = Table(.inet, "swift_cni")
}

extension Session {
  /// Opens a session about our table.
  static func own() throws(NetlinkError) -> Session { try Session(.own) { Feature.set(named: $0) } }
}

extension Chain.Hook {
  static let rawPrerouting = Chain.Hook(type: "filter", number: 0, priority: -300)
  // Right behind the priorities at which iptables and others do NAT: the first chain at a hook that translates a connection
  // decides, so that the DNAT of others takes precedence over ours.
  static let natPrerouting = Chain.Hook(type: "nat", number: 0, priority: -99)
  static let natOutput = Chain.Hook(type: "nat", number: 3, priority: -99)
  static let natPostrouting = Chain.Hook(type: "nat", number: 4, priority: 101)
  /// Right before and right behind the chains that iptables has there, whose priority is 0 (`filter`).
  static let beforeFilterForward = Chain.Hook(type: "filter", number: forward, priority: -1)
  static let afterFilterForward = Chain.Hook(type: "filter", number: forward, priority: 1)
}

/// The comment of an element: the tag of its owner and, after a space, a note that only our code reads.
extension Comment {
  init(_ owner: AttachmentTag, _ note: String = "") {
    self.init(text: note.isEmpty ? owner.text : "\(owner.text) \(note)")
  }

  var owner: AttachmentTag { AttachmentTag(text: String(text.prefix { $0 != " " })) }
  /// What follows the owner; empty if nothing does.
  var note: Substring { text.drop { $0 != " " }.dropFirst() }
}

extension AddressFamily {
  /// The suffix of the names of sets and chains for this family, behind which an ID may follow.
  var suffix: String { self == .ip ? "4" : "6" }
}
