// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CLinux
import CNI
import NFTables
import Netlink
import Rules

/// What the kernel has of an owner's ``MACSpoofRules``.
struct PresentMACSpoofRules {
  /// The number of the ruleset that it was read from.
  let generation: UInt32
  /// Whether there is a table that is not dormant.
  let isTableActive: Bool
  /// Those of the chains that are there.
  let chains: [StoredChain]
  /// The rules that lead to the port's chain.
  private(set) var entries: [StoredRule] = []
  private var all: [StoredRule] = []

  /// Reads the chains, and rules only if the owner has a chain: without one there can be no rule.
  init(_ rules: MACSpoofRules, _ socket: borrowing NetfilterSocket) throws(NetlinkError) {
    let table = MACSpoofRules.table
    let names = [MACSpoofRules.entries.name, rules.portChain, rules.addressChain]
    generation = try socket.generation()
    let replies = try socket.netlink.executeAll([table.get()] + names.map { table.get(chain: $0) })
    for reply in replies {
      if let failure = reply.failure("look for the chains of bridge nat"), failure.number != NetlinkError.noEntry {
        throw failure
      }
    }
    let found = replies.map { $0.errorNumber == nil }
    isTableActive = found.first ?? false && !Table.isDormant(replies[0])
    chains = replies.dropFirst().filter { $0.errorNumber == nil }.compactMap { StoredChain($0) }
    if chains.allSatisfy({ $0.name == MACSpoofRules.entries.name }) { return }
    for name in names where has(name) {
      let isEntries = name == MACSpoofRules.entries.name
      let replies = try socket.netlink.dump(
        table.listRules(of: name), "list the rules of the chain \(name)", .wholeByHandle(NFTA_RULE_HANDLE.rawValue),
        holding: isEntries ? [Array(rules.portChain.utf8)] : nil)
      let stored = replies.compactMap { StoredRule($0) }.filter { $0.isIn(table, chain: name) }
      if isEntries {
        entries = stored.filter { Expression.jump(in: $0.encodedExpressions) == rules.portChain }
      } else {
        all += stored
      }
    }
  }

  /// The rules that lead to any port's chain.
  static func entries(_ socket: borrowing NetfilterSocket) throws(NetlinkError) -> [StoredRule] {
    let (table, name) = (MACSpoofRules.table, MACSpoofRules.entries.name)
    guard let chain = try socket.netlink.executeAll([table.get(chain: name)]).first else { return [] }
    if let failure = chain.failure("look for the chain \(name) of bridge nat") {
      if failure.number == NetlinkError.noEntry { return [] }
      throw failure
    }
    let replies = try socket.netlink.dump(
      table.listRules(of: name), "list the rules of the chain \(name)", .wholeByHandle(NFTA_RULE_HANDLE.rawValue))
    return replies.compactMap { StoredRule($0) }.filter { $0.isIn(table, chain: name) }
  }

  func has(_ chain: String) -> Bool { chains.contains { $0.name == chain } }

  /// The rules of a chain of the owner's; nil if there is none.
  func rules(of chain: String) -> [StoredRule]? { has(chain) ? all.filter { $0.chain == chain } : nil }

  /// What of a check does not hold, in words.
  func problems(with check: MACSpoofCheck, _ rules: MACSpoofRules) -> [String] {
    var problems = isTableActive ? [] : ["table \(MACSpoofRules.table) is missing or dormant"]
    let base = chains.first { $0.name == MACSpoofRules.entries.name }
    if base?.hook != MACSpoofRules.entries.hook {
      problems.append("chain \(MACSpoofRules.entries.name) is missing, or has another hook or policy")
    }
    if entries.map(\.expressions) != [rules.entry(check.port).expressions] {
      problems.append("frames from \(check.port) do not come to chain \(rules.portChain)")
    }
    for (chain, wanted) in [
      (rules.portChain, rules.portRules), (rules.addressChain, rules.addressRules(check.address)),
    ] where self.rules(of: chain)?.map(\.expressions) != wanted.map({ $0.expressions }) {
      problems.append("chain \(chain) \(has(chain) ? "has other rules" : "is missing")")
    }
    return problems
  }
}
