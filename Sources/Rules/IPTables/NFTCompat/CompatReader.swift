// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CLinux
import CNI
import NFTables
import Netlink

/// Reads a table of iptables in nf_tables for one attempt to change it.
struct CompatReader: TableReader {
  private let table: IPTable
  private let attempt: CompatAttempt

  init(_ table: IPTable, _ attempt: CompatAttempt) {
    self.table = table
    self.attempt = attempt
  }

  func states(of chains: [String]) throws(CNIError) -> [ChainState] {
    try attempt.read(table) { (socket) throws(NetlinkError) in try socket.states(of: chains, in: table) } ?? []
  }

  func chains(withPrefix prefix: String) throws(CNIError) -> [String] {
    try attempt.read(table) { (socket) throws(NetlinkError) in
      let list = table.nftables.listChains()
      let replies = try socket.netlink.dump(list, "list the chains", .wholeByHandle(NFTA_CHAIN_HANDLE.rawValue))
      return replies.compactMap { StoredChain($0) }.filter { $0.table == table.nftables }.map(\.name)
    }?.filter { $0.hasPrefix(prefix) } ?? []
  }

  func rules(
    of chain: String, holding patterns: [[UInt8]]?, until isLast: ((PlacedRule) -> Bool)?
  ) throws(CNIError) -> [PlacedRule] {
    try rules(of: chain, holding: patterns, "list the rules of the chain \(chain)", until: isLast).map {
      PlacedRule($0, table)
    }
  }

  func allRules(holding patterns: [[UInt8]]?) throws(CNIError) -> [(chain: String, rule: PlacedRule)] {
    try rules(of: nil, holding: patterns, "list the rules", until: nil).map { ($0.chain, PlacedRule($0, table)) }
  }

  /// The rules of a chain, or of all chains, as they were at one moment. This works even if other programs change other tables so
  /// often that the kernel reports every dump as interrupted: a dump misses a rule only if one that it has already listed is
  /// removed meanwhile, and lists a rule twice only if one is added before it; handles are never used again.
  private func rules(
    of chain: String?, holding patterns: [[UInt8]]?, _ action: String, until isLast: ((PlacedRule) -> Bool)?
  ) throws(CNIError) -> [StoredRule] {
    let nftables = table.nftables
    func read(_ reply: NetlinkReply) -> StoredRule? {
      StoredRule(reply).flatMap { $0.isIn(nftables, chain: chain) ? $0 : nil }
    }
    return try attempt.read(table) { (socket) throws(NetlinkError) in
      try socket.netlink.dump(
        nftables.listRules(of: chain), action, .wholeByHandle(NFTA_RULE_HANDLE.rawValue), holding: patterns,
        until: isLast.map { isLast in { reply in read(reply).map { isLast(PlacedRule($0, table)) } ?? false } }
      ).compactMap { read($0) }
    } ?? []
  }
}

extension NetfilterSocket {
  /// Whether a built-in chain of the table has rules, jumps to it or the policy drop.
  func isUsed(_ table: IPTable) throws(NetlinkError) -> Bool {
    let chains = ["PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"].filter {
      Chain(base: $0, of: table.name) != nil
    }
    return try states(of: chains, in: table).contains { $0.uses > 0 || $0.isDropping }
  }

  fileprivate func states(of chains: [String], in table: IPTable) throws(NetlinkError) -> [ChainState] {
    let replies = try netlink.executeAll(chains.map { table.nftables.get(chain: $0) })
    for reply in replies {
      if let failure = reply.failure("look at the chains"), failure.number != NetlinkError.noEntry { throw failure }
    }
    return replies.filter { $0.errorNumber == nil }.compactMap { StoredChain($0) }.map {
      ChainState(name: $0.name, uses: $0.use, isDropping: $0.hook?.policy == .drop)
    }
  }
}

extension PlacedRule {
  fileprivate init(_ stored: StoredRule, _ table: IPTable) {
    self.init(
      rule: stored.expressions.flatMap { IPTablesRule($0, table.family) },
      jump: Expression.jump(in: stored.encodedExpressions), handle: stored.handle,
      canDrop: Expression.canDrop(in: stored.encodedExpressions, harmless: RuleTarget.harmless),
      bytes: Array(stored.attributes))
  }
}
