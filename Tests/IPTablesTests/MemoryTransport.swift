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
    let current = chains[table] ?? [:]
    var changes = TableEdit(
      TableEdit.Reader(
        find: { (chain) throws(CNIError) in current[chain] != nil },
        // Others than those that hold a needle may be among the rules.
        read: { (chain, _) throws(CNIError) in current[chain]?.map { PlacedRule($0.handle, $0.rule) } },
        isDropping: { [policies] (chain) throws(CNIError) in policies[chain] == .drop }))
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
    case .insert(let rule, let chain, let atStart):
      all[chain, default: []].insert((nextHandle, rule), at: atStart ? 0 : all[chain]?.count ?? 0)
      nextHandle += 1
    case .remove(let rule, let chain): all[chain]?.removeAll { $0.handle == rule.handle }
    }
    chains[table] = all
  }
}

extension PlacedRule {
  fileprivate init(_ handle: UInt64, _ rule: IPTablesRule) {
    var jump: String?
    if case .jump(let chain) = rule.target { jump = chain }
    self.init(rule: rule, jump: jump, handle: handle, canDrop: rule.target == .drop)
  }
}
