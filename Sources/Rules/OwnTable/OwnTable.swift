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
  // Right behind where everybody else translates, iptables included: of the chains of a hook the first that translates a
  // connection is the last that is asked, and what others send somewhere is not ours.
  static let natPrerouting = Chain.Hook(type: "nat", number: 0, priority: -99)
  static let natOutput = Chain.Hook(type: "nat", number: 3, priority: -99)
  static let natPostrouting = Chain.Hook(type: "nat", number: 4, priority: 101)
  /// Right before and right behind the chains that iptables has there, whose priority is 0 (`filter`).
  static let beforeFilterForward = Chain.Hook(type: "filter", number: forward, priority: -1)
  static let afterFilterForward = Chain.Hook(type: "filter", number: forward, priority: 1)
}

/// The comment of an element: the attachment that has it and, after a space, what only we need to know of it.
extension Comment {
  init(_ owner: AttachmentTag, _ note: String = "") {
    self.init(text: note.isEmpty ? owner.text : "\(owner.text) \(note)")
  }

  var owner: AttachmentTag { AttachmentTag(text: String(text.prefix { $0 != " " })) }
  /// What follows the owner; empty if nothing does.
  var note: Substring { text.drop { $0 != " " }.dropFirst() }
}

extension AddressFamily {
  /// What the names of sets and chains for this family end with, or have in front of what tells them apart.
  var suffix: String { self == .ip ? "4" : "6" }
}
