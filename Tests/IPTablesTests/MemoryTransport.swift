// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import NFTables
import Address
import CNI
import Netlink
import Testing

@testable import IPTables

/// Tables in memory, for tests.
final class MemoryTransport: IPTablesTransport, @unchecked Sendable {
  private(set) var chains: [IPTable: [String: [(handle: UInt64, rule: IPTablesRule)]]] = [:]
  /// The policies of chains; accept unless set.
  var policies: [String: RuleTarget] = [:]
  /// The tables for which `mayHold` returns false.
  var unused: Set<IPTable> = []
  /// The error that every change throws; nil if it succeeds.
  var failure: CNIError?
  /// The tables that can be neither read nor changed.
  var refused: Set<IPTable> = []
  private(set) var commits = 0
  /// The number of reads and changes of tables.
  private(set) var looks = 0
  private var nextHandle: UInt64 = 1

  /// A table as iptables-save prints it, the chains sorted, without those that have no rule.
  func rules(_ table: IPTable) -> [String] {
    let all = (chains[table] ?? [:]).sorted { $0.key < $1.key }
    return all.flatMap { chain in chain.value.map { "-A \(chain.key) \($0.rule.text)" } }
  }

  /// One chain as iptables-save prints it.
  func rules(_ table: IPTable, _ chain: String) -> [String] { chains[table]?[chain]?.map(\.rule.text) ?? [] }

  /// Appends rules to a chain as another program would.
  func append(_ rules: [String], to chain: String, of table: IPTable) throws {
    for rule in rules { make(.insert(try IPTablesRule(shellWords(rule), table.family), into: chain, .end), table) }
  }

  func mayHold(_ table: IPTable) -> Bool { !unused.contains(table) }

  func presence() -> IPTablesPresence { .used }
  func batches(_ tables: [IPTable]) -> [[IPTable]] { tables.isEmpty ? [] : [tables] }

  func change<T>(_ tables: [IPTable], _ edit: (inout TableEdit) throws(CNIError) -> T) throws(CNIError) -> [T] {
    var results: [T] = []
    for table in tables { results.append(try change(one: table, edit)) }
    return results
  }

  private func change<T>(
    one table: IPTable, _ edit: (inout TableEdit) throws(CNIError) -> T
  ) throws(CNIError) -> T {
    if let failure { throw failure }
    if refused.contains(table) { throw CNIError(.kernelRefused, "no \(table)") }
    looks += 1
    var changes = TableEdit(
      table, MemoryReader(table: table, chains: chains[table] ?? [:], policies: policies))
    let result = try edit(&changes)
    if !changes.changes.isEmpty { commits += 1 }
    for change in changes.changes {
      if case .insert(let rule, _, _) = change, case .jump(let chain) = rule.target, chains[table]?[chain] == nil {
        Issue.record("a jump to the chain \(chain), which is not made yet")
      }
      make(change, table)
    }
    return result
  }

  /// The families without tables.
  var missingFamilies: Set<AddressFamily> = []

  func hasTables(_ family: AddressFamily) -> Bool { !missingFamilies.contains(family) }

  func look<T>(_ table: IPTable, _ body: (inout TableEdit) throws(CNIError) -> T) throws(CNIError) -> T {
    if let failure { throw failure }
    if refused.contains(table) { throw CNIError(.kernelRefused, "no \(table)") }
    looks += 1
    var changes = TableEdit(
      table, MemoryReader(table: table, chains: chains[table] ?? [:], policies: policies))
    return try body(&changes)
  }

  func rehearse(_ table: IPTable, _ edit: (inout TableEdit) throws(CNIError) -> Void) throws(CNIError) {
    if let failure { throw failure }
    if missingFamilies.contains(table.family) { throw CNIError(.kernelRefused, "no tables of \(table.family.title)") }
    var changes = TableEdit(
      table, MemoryReader(table: table, chains: chains[table] ?? [:], policies: policies))
    try edit(&changes)
    rehearsed += changes.changes.map { "\(table): \($0)" }
  }

  /// The changes that were only checked.
  private(set) var rehearsed: [String] = []

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
    case .restore(let kept, let chain, let place):
      guard let rule = kept.rule else {
        Issue.record("a rule that no test can have written")
        return
      }
      return make(.insert(rule, into: chain, place), table)
    case .remove(let rule, let chain): all[chain]?.removeAll { $0.handle == rule.handle }
    }
    chains[table] = all
  }
}

/// A table at one moment.
private struct MemoryReader: TableReader {
  let table: IPTable
  let chains: [String: [(handle: UInt64, rule: IPTablesRule)]]
  let policies: [String: RuleTarget]

  func states(of names: [String]) -> [ChainState] {
    names.compactMap { name in
      // A chain with a policy exists.
      if chains[name] == nil, policies[name] == nil { return nil }
      let jumps = chains.values.flatMap { $0 }.count { $0.rule.target == .jump(name) }
      return ChainState(
        name: name, uses: (chains[name]?.count ?? 0) + jumps, isDropping: policies[name] == .drop)
    }
  }

  func rules(
    of chain: String, holding patterns: [[UInt8]]?, until isLast: ((PlacedRule) -> Bool)?
  ) -> [PlacedRule] {
    let rules = (chains[chain] ?? []).filter { $0.rule.holds(patterns, table) }.map { PlacedRule($0.handle, $0.rule) }
    guard let isLast, let end = rules.firstIndex(where: isLast) else { return rules }
    return Array(rules[...end])
  }

  func allRules(holding patterns: [[UInt8]]?) -> [(chain: String, rule: PlacedRule)] {
    chains.sorted { $0.key < $1.key }.flatMap { chain in
      chain.value.filter { $0.rule.holds(patterns, table) }.map { (chain.key, PlacedRule($0.handle, $0.rule)) }
    }
  }

  func chains(withPrefix prefix: String) -> [String] { chains.keys.filter { $0.hasPrefix(prefix) }.sorted() }
}

extension PlacedRule {
  fileprivate init(_ handle: UInt64, _ rule: IPTablesRule) {
    var jump: String?
    if case .jump(let chain) = rule.target { jump = chain }
    self.init(rule: rule, jump: jump, handle: handle, canDrop: rule.target == .drop, bytes: [])
  }
}

extension IPTablesRule {
  /// Whether the bytes of the rule in nf_tables contain one of the patterns.
  fileprivate func holds(_ patterns: [[UInt8]]?, _ table: IPTable) -> Bool {
    guard let patterns else { return true }
    return Expression.encoded(expressions(table.family)).withUnsafeBytes { bytes in
      patterns.contains { bytes.holds($0) }
    }
  }
}
