// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI

@testable import IPTables

/// Tables that only a test has.
final class MemoryTransport: IPTablesTransport, @unchecked Sendable {
  private(set) var chains: [IPTable: [String: [(handle: UInt64, rule: IPTablesRule)]]] = [:]
  /// The targets for what no rule of a chain decides; accept where it is not said.
  var policies: [String: RuleTarget] = [:]
  private(set) var commits = 0
  private var nextHandle: UInt64 = 1

  /// A table as iptables-save prints it, the chains sorted, without those that have no rule.
  func rules(_ table: IPTable) -> [String] {
    let all = (chains[table] ?? [:]).sorted { $0.key < $1.key }
    return all.flatMap { chain in chain.value.map { "-A \(chain.key) \($0.rule.text)" } }
  }

  func change<T>(_ table: IPTable, _ edit: (inout TableEdit) throws(CNIError) -> T) throws(CNIError) -> T {
    var changes = TableEdit(MemoryReader(chains: chains[table] ?? [:], policies: policies))
    let result = try edit(&changes)
    if !changes.changes.isEmpty { commits += 1 }
    for change in changes.changes { make(change, table) }
    return result
  }

  private func make(_ change: TableEdit.Change, _ table: IPTable) {
    var all = chains[table] ?? [:]
    switch change {
    case .makeChain(let chain): all[chain] = []
    case .removeChain(let chain): all[chain] = nil
    case .flush(let chain): all[chain] = []
    case .insert(let rule, let chain, let place):
      let rules = all[chain] ?? []
      let index =
        switch place {
        case .start: 0
        case .end: rules.count
        case .after(let other): (rules.firstIndex { $0.handle == other.handle } ?? -1) + 1
        }
      all[chain, default: []].insert((nextHandle, rule), at: index)
      nextHandle += 1
    case .remove(let rule, let chain): all[chain]?.removeAll { $0.handle == rule.handle }
    }
    chains[table] = all
  }
}

/// A table at one moment. Of rules that hold a needle it also shows the others.
private struct MemoryReader: TableReader {
  let chains: [String: [(handle: UInt64, rule: IPTablesRule)]]
  let policies: [String: RuleTarget]

  func has(_ chain: String) -> Bool { chains[chain] != nil }

  func uses(of chain: String) -> Int {
    let jumps = chains.values.flatMap { $0 }.count { $0.rule.target == .jump(chain) }
    return (chains[chain]?.count ?? 0) + jumps
  }

  func isDropping(_ chain: String) -> Bool { policies[chain] == .drop }

  func rules(
    of chain: String, holding needles: [[UInt8]]?, until isLast: ((PlacedRule) -> Bool)?
  ) -> [PlacedRule]? {
    guard let rules = chains[chain]?.map({ PlacedRule($0.handle, $0.rule) }) else { return nil }
    guard let isLast, let end = rules.firstIndex(where: isLast) else { return rules }
    return Array(rules[...end])
  }

  func allRules(holding needles: [[UInt8]]?) -> [(chain: String, rule: PlacedRule)] {
    chains.sorted { $0.key < $1.key }.flatMap { chain in
      chain.value.map { (chain.key, PlacedRule($0.handle, $0.rule)) }
    }
  }

  func chains(withPrefix prefix: String) -> [String] { chains.keys.filter { $0.hasPrefix(prefix) }.sorted() }
}

extension PlacedRule {
  fileprivate init(_ handle: UInt64, _ rule: IPTablesRule) {
    var jump: String?
    if case .jump(let chain) = rule.target { jump = chain }
    self.init(rule: rule, jump: jump, handle: handle, canDrop: rule.target == .drop)
  }
}
