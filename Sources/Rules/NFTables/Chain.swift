// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CLinux
import Netlink

/// A chain; a base chain if it has a hook.
package struct Chain: Sendable {
  /// Where packets enter a base chain.
  package struct Hook: Equatable, Sendable {
    /// `filter`, `nat` or `route`
    package let type: String
    /// `NF_INET_…` (linux/netfilter.h, `enum nf_inet_hooks`)
    package let number: UInt32
    /// The chain's place among those of the hook; lower comes first.
    package let priority: Int32
    /// The verdict for packets that no rule decides on.
    package let policy: Policy

    package init(type: String, number: UInt32, priority: Int32, policy: Policy = .accept) {
      self.type = type
      self.number = number
      self.priority = priority
      self.policy = policy
    }

    /// Whether a chain with the other hook can be changed to this one: only the policy of a chain can change.
    package func isSamePlace(as other: Hook) -> Bool {
      type == other.type && number == other.number && priority == other.priority
    }

    /// `NF_INET_FORWARD`
    package static let forward: UInt32 = 2
  }

  /// `NF_DROP` and `NF_ACCEPT` (linux/netfilter.h)
  package enum Policy: UInt32, Sendable { case drop, accept }

  package let name: String
  package let hook: Hook?

  package init(_ name: String, hook: Hook? = nil) {
    self.name = name
    self.hook = hook
  }
}

extension Table {
  /// Makes a chain; with `exclusively` the kernel refuses one that is there.
  package func create(_ chain: Chain, exclusively: Bool = false) -> NetlinkMessage {
    let flags = exclusively ? NLM_F_CREATE | NLM_F_EXCL : NLM_F_CREATE
    var message = chainMessage(NFT_MSG_NEWCHAIN, flags, chain.name)
    if let hook = chain.hook {
      message.nested(NFTA_CHAIN_HOOK.rawValue) {
        $0.attribute(NFTA_HOOK_HOOKNUM.rawValue, hook.number.bigEndian)
        $0.attribute(NFTA_HOOK_PRIORITY.rawValue, hook.priority.bigEndian)
      }
      message.attribute(NFTA_CHAIN_POLICY.rawValue, hook.policy.rawValue.bigEndian)
      message.attribute(NFTA_CHAIN_TYPE.rawValue, text: hook.type)
    }
    return message
  }

  /// Asks for a chain.
  package func get(chain name: String) -> NetlinkMessage { chainMessage(NFT_MSG_GETCHAIN, 0, name) }

  /// Removes a chain, which must have no rules and no jumps to it.
  package func delete(chain name: String) -> NetlinkMessage { chainMessage(NFT_MSG_DELCHAIN, 0, name) }

  /// Asks for a dump of the table's chains; kernels that do not know the attribute list those of all tables.
  package func listChains() -> NetlinkMessage {
    message(NFT_MSG_GETCHAIN, NLM_F_DUMP, table: NFTA_CHAIN_TABLE.rawValue)
  }

  private func chainMessage(_ type: nf_tables_msg_types, _ flags: Int32, _ name: String) -> NetlinkMessage {
    var message = message(type, flags, table: NFTA_CHAIN_TABLE.rawValue)
    message.attribute(NFTA_CHAIN_NAME.rawValue, text: name)
    return message
  }
}

/// A chain as the kernel has it.
package struct StoredChain: Sendable {
  package let table: Table
  package let name: String
  /// The number of its rules and of the jumps to it, together.
  package let use: Int
  package let hook: Chain.Hook?

  package init?(_ reply: NetlinkReply) {
    let attributes = reply.nfAttributes
    guard
      let table = reply.table(NFTA_CHAIN_TABLE.rawValue, attributes),
      let name = attributes[Int(NFTA_CHAIN_NAME.rawValue)]?.text
    else { return nil }
    self.table = table
    self.name = name
    use = attributes.word(NFTA_CHAIN_USE.rawValue).map { Int($0) } ?? 0
    let hook = attributes.nested(Int(NFTA_CHAIN_HOOK.rawValue))
    guard
      let number = hook.word(NFTA_HOOK_HOOKNUM.rawValue), let priority = hook.word(NFTA_HOOK_PRIORITY.rawValue)
    else {
      self.hook = nil
      return
    }
    self.hook = Chain.Hook(
      type: attributes[Int(NFTA_CHAIN_TYPE.rawValue)]?.text ?? "", number: number,
      priority: Int32(bitPattern: priority),
      policy: attributes.word(NFTA_CHAIN_POLICY.rawValue).flatMap { Chain.Policy(rawValue: $0) } ?? .accept)
  }
}

extension NetfilterSocket {
  /// The chains of all tables; some may be missing while another program changes them.
  package func chainsOfAllTables() throws(NetlinkError) -> [StoredChain] {
    try netlink.dump(
      NetlinkMessage(nfTables: NFT_MSG_GETCHAIN, flags: NLM_F_DUMP, family: 0), "list the chains of all tables", .last
    ).compactMap { StoredChain($0) }
  }
}
