// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CLinux
import Netlink

/// A chain; a base chain if it has a hook.
struct Chain: Sendable {
  /// Where packets enter a base chain (linux/netfilter.h, `enum nf_inet_hooks`).
  struct Hook: Equatable, Sendable {
    let type: String
    let number: UInt32
    /// The chain's place among those of the hook; lower comes first.
    let priority: Int32
    /// What becomes of packets that no rule decides on: NF_ACCEPT (linux/netfilter.h).
    var policy: UInt32 = 1

    /// What cannot be changed of a chain that is there.
    var place: [String] { [type, "\(number)", "\(priority)"] }

    static let rawPrerouting = Hook(type: "filter", number: 0, priority: -300)
    // Right behind where everybody else translates, iptables included: of the chains of a hook the first that translates a
    // connection is the last that is asked, and what others send somewhere is not ours.
    static let natPrerouting = Hook(type: "nat", number: 0, priority: -99)
    static let natOutput = Hook(type: "nat", number: 3, priority: -99)
    static let natPostrouting = Hook(type: "nat", number: 4, priority: 101)
    /// Right before and right behind the chains that iptables has there, whose priority is 0 (`filter`).
    static let beforeFilterForward = Hook(type: "filter", number: forward, priority: -1)
    static let afterFilterForward = Hook(type: "filter", number: forward, priority: 1)

    /// `NF_INET_FORWARD`
    static let forward: UInt32 = 2
  }

  let name: String
  var hook: Hook?
  /// Whether the rules in it are the administrator's, and never touched.
  var isAdministrators = false

  func message() -> NetlinkMessage {
    var message = NetlinkMessage(nft: NFT_MSG_NEWCHAIN, flags: NLM_F_CREATE)
    message.attribute(NFTA_CHAIN_TABLE.rawValue, text: Table.name)
    message.attribute(NFTA_CHAIN_NAME.rawValue, text: name)
    if let hook {
      message.nested(NFTA_CHAIN_HOOK.rawValue) {
        $0.attribute(NFTA_HOOK_HOOKNUM.rawValue, hook.number.bigEndian)
        $0.attribute(NFTA_HOOK_PRIORITY.rawValue, hook.priority.bigEndian)
      }
      message.attribute(NFTA_CHAIN_POLICY.rawValue, hook.policy.bigEndian)
      message.attribute(NFTA_CHAIN_TYPE.rawValue, text: hook.type)
    }
    return message
  }

  /// Asks for a chain.
  static func get(_ name: String) -> NetlinkMessage {
    var message = NetlinkMessage(nft: NFT_MSG_GETCHAIN)
    message.attribute(NFTA_CHAIN_TABLE.rawValue, text: Table.name)
    message.attribute(NFTA_CHAIN_NAME.rawValue, text: name)
    return message
  }

  static func delete(_ name: String) -> NetlinkMessage {
    var message = NetlinkMessage(nft: NFT_MSG_DELCHAIN)
    message.attribute(NFTA_CHAIN_TABLE.rawValue, text: Table.name)
    message.attribute(NFTA_CHAIN_NAME.rawValue, text: name)
    return message
  }

  /// Asks for a dump of our table's chains; kernels that do not know the attribute answer those of all tables.
  static func list() -> NetlinkMessage {
    var message = NetlinkMessage(nft: NFT_MSG_GETCHAIN, flags: NLM_F_DUMP)
    message.attribute(NFTA_CHAIN_TABLE.rawValue, text: Table.name)
    return message
  }
}

/// A chain as the kernel has it.
struct StoredChain: Sendable {
  let name: String
  /// How many rules and jumps use it.
  let use: Int
  let hook: Chain.Hook?

  /// Nil for a chain of another table.
  init?(_ reply: NetlinkReply) {
    let attributes = reply.attributes(after: 4)
    guard
      attributes[Int(NFTA_CHAIN_TABLE.rawValue)]?.text == Table.name,
      let name = attributes[Int(NFTA_CHAIN_NAME.rawValue)]?.text,
      let use = attributes[Int(NFTA_CHAIN_USE.rawValue)]?.integer(UInt32.self, at: 0)?.bigEndian
    else { return nil }
    self.name = name
    self.use = Int(use)
    let hook = attributes.nested(Int(NFTA_CHAIN_HOOK.rawValue))
    guard
      let number = hook[Int(NFTA_HOOK_HOOKNUM.rawValue)]?.integer(UInt32.self, at: 0)?.bigEndian,
      let priority = hook[Int(NFTA_HOOK_PRIORITY.rawValue)]?.integer(Int32.self, at: 0)?.bigEndian
    else {
      self.hook = nil
      return
    }
    self.hook = Chain.Hook(
      type: attributes[Int(NFTA_CHAIN_TYPE.rawValue)]?.text ?? "", number: number, priority: priority,
      policy: attributes[Int(NFTA_CHAIN_POLICY.rawValue)]?.integer(UInt32.self, at: 0)?.bigEndian ?? 1)
  }
}
