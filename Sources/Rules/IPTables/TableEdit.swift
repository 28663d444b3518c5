// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI

/// A table of iptables: `nat` or `filter` of one family.
package struct IPTable: Hashable, Sendable, CustomStringConvertible {
  package enum Name: String, CaseIterable, Sendable { case nat, filter }

  package let name: Name
  package let family: AddressFamily

  /// The prefix of the names of all chains that upstream's plugins and ours make.
  package static let pluginChains = "CNI-"

  package init(_ name: Name, _ family: AddressFamily) {
    self.name = name
    self.family = family
  }

  package var description: String { "\(family == .ip ? "iptables" : "ip6tables") table \(name.rawValue)" }
}

/// Reads and changes the tables of one variant of iptables.
package protocol IPTablesTransport: Sendable {
  /// Lets `edit` read each table and collect changes, and makes them all at once or none; if another program has changed a table
  /// meanwhile, starts again. The tables must be of one of the ``batches(_:)``.
  func change<T>(_ tables: [IPTable], _ edit: (inout TableEdit) throws(CNIError) -> T) throws(CNIError) -> [T]
  /// The tables in groups that the kernel can change at once.
  func batches(_ tables: [IPTable]) -> [[IPTable]]
  /// Lets `body` read a table; makes none of the changes that it collects, and no table that is missing.
  func look<T>(_ table: IPTable, _ body: (inout TableEdit) throws(CNIError) -> T) throws(CNIError) -> T
  /// Like `look(_:_:)`, if the chains of plugins can have rules that contain one of these texts, names of chains or comments;
  /// else returns nil.
  func look<T>(
    _ table: IPTable, anyOf texts: [String], _ body: (inout TableEdit) throws(CNIError) -> T
  ) throws(CNIError) -> T?
  /// Lets the kernel check the changes that `edit` collects, without making them or a table; throws why they are impossible.
  func rehearse(_ table: IPTable, _ edit: (inout TableEdit) throws(CNIError) -> Void) throws(CNIError)
  /// Whether the kernel supports such tables, and whether they hold rules.
  func presence() -> IPTablesPresence
  /// Whether the kernel has tables of a family; it may lack IPv6.
  func hasTables(_ family: AddressFamily) -> Bool
  /// Whether a table can hold rules, where that is faster to find out than by reading it.
  func mayHold(_ table: IPTable) -> Bool
  /// Whether a table can hold rules that contain one of these texts, names of chains or comments, in the chains that plugins
  /// write to: those of the hooks, and those whose names begin with `IPTable.pluginChains`.
  func mayHold(_ table: IPTable, anyOf texts: [String]) -> Bool
}

/// A transport that changes one table at a time.
package protocol SingleTableTransport: IPTablesTransport {
  func change<T>(one table: IPTable, _ edit: (inout TableEdit) throws(CNIError) -> T) throws(CNIError) -> T
}

extension SingleTableTransport {
  package func batches(_ tables: [IPTable]) -> [[IPTable]] { tables.map { [$0] } }

  package func change<T>(
    _ tables: [IPTable], _ edit: (inout TableEdit) throws(CNIError) -> T
  ) throws(CNIError) -> [T] {
    var results: [T] = []
    for table in tables { results.append(try change(one: table, edit)) }
    return results
  }
}

extension IPTablesTransport {
  /// Changes one table.
  package func change<T>(
    _ table: IPTable, _ edit: (inout TableEdit) throws(CNIError) -> T
  ) throws(CNIError) -> T {
    var result: T?
    _ = try change([table]) { (changes) throws(CNIError) in result = try edit(&changes) }
    guard let result else { throw CNIError(.kernelRefused, "change \(table): it was not read") }
    return result
  }

  package func mayHold(_ table: IPTable) -> Bool { true }
  package func mayHold(_ table: IPTable, anyOf texts: [String]) -> Bool { mayHold(table) }

  package func look<T>(
    _ table: IPTable, anyOf texts: [String], _ body: (inout TableEdit) throws(CNIError) -> T
  ) throws(CNIError) -> T? {
    mayHold(table, anyOf: texts) ? try look(table, body) : nil
  }
}

/// Changes of a table that are being collected; `rules(of:)` and `has` do not see them.
package struct TableEdit {
  package enum Place: Equatable {
    case start, end
    /// Right behind this rule.
    case after(PlacedRule)
  }

  package enum Change: Equatable {
    /// A chain without a hook.
    case makeChain(String)
    /// Removes the chain with all its rules.
    case removeChain(String)
    case flush(String)
    case insert(IPTablesRule, into: String, Place)
    /// Restores a rule that was there before.
    case restore(KeptRule, into: String, Place)
    case remove(PlacedRule, from: String)
  }

  package let table: IPTable
  private let reader: any TableReader
  // Arrays, because for a few chains a search takes less time than making a dictionary.
  private var asked: [String] = []
  private var states: [ChainState] = []
  private var known: [KnownChain] = []
  package private(set) var changes: [Change] = []

  private struct KnownChain {
    let name: String
    let rules: [PlacedRule]
  }

  package init(_ table: IPTable, _ reader: any TableReader) {
    self.table = table
    self.reader = reader
  }

  /// Reads the states of several chains at once, which takes less time than one by one.
  package mutating func look(at chains: [String]) throws(CNIError) {
    let unknown = chains.filter { !asked.contains($0) }
    if unknown.isEmpty { return }
    states += try reader.states(of: unknown)
    asked += unknown
  }

  private mutating func state(of chain: String) throws(CNIError) -> ChainState? {
    try look(at: [chain])
    return states.first { $0.name == chain }
  }

  /// Whether there is a chain.
  package mutating func has(_ chain: String) throws(CNIError) -> Bool { try state(of: chain) != nil }

  /// The number of rules in a chain and of the jumps to it, together; 0 if there is no such chain.
  package mutating func uses(of chain: String) throws(CNIError) -> Int { try state(of: chain)?.uses ?? 0 }

  /// Drops the changes, and returns their descriptions.
  package mutating func discard() -> [String] {
    defer { changes = [] }
    return changes.map(\.description)
  }

  /// The rules of a chain in their order; nil if there is no such chain.
  package mutating func rules(of chain: String) throws(CNIError) -> [PlacedRule]? {
    guard let state = try state(of: chain) else { return nil }
    if let known = known.first(where: { $0.name == chain }) { return known.rules }
    let rules = state.uses == 0 ? [] : try reader.rules(of: chain, holding: nil, until: nil)
    known.append(KnownChain(name: chain, rules: rules))
    return rules
  }

  /// The rules of a chain whose bytes contain one of the patterns, such as an address, a name or a comment, up to the first for
  /// which `isLast` holds; others may be among them. None if there is no such chain. `isLast` may not be called for every rule:
  /// if other programs change the ruleset meanwhile, all rules are read again.
  package func rules(
    of chain: String, holding patterns: [[UInt8]]?, until isLast: ((PlacedRule) -> Bool)? = nil
  ) throws(CNIError) -> [PlacedRule] {
    if let known = known.first(where: { $0.name == chain }) { return known.rules }
    return try reader.rules(of: chain, holding: patterns, until: isLast)
  }

  /// The rules of all chains; with patterns those whose bytes contain one of them, and perhaps others.
  package func allRules(holding patterns: [[UInt8]]?) throws(CNIError) -> [(chain: String, rule: PlacedRule)] {
    try reader.allRules(holding: patterns)
  }

  /// The chains whose names have this prefix.
  package func chains(withPrefix prefix: String) throws(CNIError) -> [String] {
    try reader.chains(withPrefix: prefix)
  }

  /// Whether a packet that enters a chain can be dropped there or in a chain that it jumps to, except those chains whose names
  /// `isLeftOut` accepts.
  package mutating func canDrop(in chain: String, leavingOut isLeftOut: (String) -> Bool) throws(CNIError) -> Bool {
    if try state(of: chain)?.isDropping ?? false { return true }
    var seen: Set<String> = [chain]
    var rest = [chain]
    while let next = rest.popLast() {
      for rule in try rules(of: next) ?? [] {
        if rule.canDrop { return true }
        if let jump = rule.jump, !isLeftOut(jump), seen.insert(jump).inserted { rest.append(jump) }
      }
    }
    return false
  }

  /// Makes a chain unless it is there.
  package mutating func ensureChain(_ chain: String) throws(CNIError) {
    if try !has(chain), !changes.contains(.makeChain(chain)) { changes.append(.makeChain(chain)) }
  }

  /// Removes a chain that is there, with all its rules.
  package mutating func removeChain(_ chain: String) { changes.append(.removeChain(chain)) }

  /// Makes a chain hold exactly these rules, which were read before.
  package mutating func restore(_ chain: String, with rules: [KeptRule]) throws(CNIError) {
    changes.append(try has(chain) ? .flush(chain) : .makeChain(chain))
    for rule in rules { changes.append(.restore(rule, into: chain, .end)) }
  }

  /// Adds a rule that was read before right behind another, or at the start.
  package mutating func restore(_ rule: KeptRule, after other: PlacedRule?, in chain: String) {
    changes.append(.restore(rule, into: chain, other.map { .after($0) } ?? .start))
  }

  /// Makes a chain hold exactly these rules.
  package mutating func fill(_ chain: String, with wanted: [IPTablesRule]) throws(CNIError) {
    let present = try rules(of: chain)
    if let present, present.are(wanted) { return }
    changes.append(present == nil ? .makeChain(chain) : .flush(chain))
    for rule in wanted { append(rule, to: chain) }
  }

  /// Adds a rule unless it is in the chain already.
  package mutating func ensure(_ rule: IPTablesRule, in chain: String, atStart: Bool = false) throws(CNIError) {
    if try rules(of: chain)?.contains(where: { $0.rule == rule }) ?? false { return }
    changes.append(.insert(rule, into: chain, atStart ? .start : .end))
  }

  package mutating func append(_ rule: IPTablesRule, to chain: String) {
    changes.append(.insert(rule, into: chain, .end))
  }

  package mutating func prepend(_ rule: IPTablesRule, to chain: String) {
    changes.append(.insert(rule, into: chain, .start))
  }

  /// Adds a rule right behind another, or at the start.
  package mutating func insert(_ rule: IPTablesRule, after other: PlacedRule?, in chain: String) {
    changes.append(.insert(rule, into: chain, other.map { .after($0) } ?? .start))
  }

  package mutating func remove(_ rule: PlacedRule, from chain: String) { changes.append(.remove(rule, from: chain)) }
}

extension TableEdit.Change {
  /// The chain that the change is for.
  var chain: String {
    switch self {
    case .makeChain(let chain), .removeChain(let chain), .flush(let chain), .insert(_, let chain, _),
      .restore(_, let chain, _), .remove(_, let chain):
      chain
    }
  }
}

extension TableEdit.Change: CustomStringConvertible {
  /// The difference that this change repairs, in words.
  package var description: String {
    switch self {
    case .makeChain(let chain): "the chain \(chain) is missing"
    case .removeChain(let chain): "there is an unexpected chain \(chain)"
    case .flush(let chain): "the chain \(chain) has other rules"
    case .insert(let rule, let chain, _): "missing: -A \(chain) \(rule.text)"
    case .restore(let rule, let chain, _): "missing: -A \(chain) \(rule.text)"
    case .remove(let rule, let chain): "unexpected: -A \(chain) \(rule.kept.text)"
    }
  }
}
