// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI

/// A table of iptables: one of the two that plugins write to, of one family.
package struct IPTable: Hashable, Sendable, CustomStringConvertible {
  package enum Name: String, CaseIterable, Sendable { case nat, filter }

  package let name: Name
  package let family: AddressFamily

  /// What the names of all chains begin with that upstream's plugins and ours make.
  package static let pluginChains = "CNI-"

  package init(_ name: Name, _ family: AddressFamily) {
    self.name = name
    self.family = family
  }

  package var description: String { "\(family == .ip ? "iptables" : "ip6tables") table \(name.rawValue)" }
}

/// How a host keeps its iptables rules.
package protocol IPTablesTransport: Sendable {
  /// Lets `edit` look at tables one after another and collect changes, and makes them all at once or none; if somebody else has
  /// changed one meanwhile, all of it again. The tables must be of one of the ``batches(_:)``.
  func change<T>(_ tables: [IPTable], _ edit: (inout TableEdit) throws(CNIError) -> T) throws(CNIError) -> [T]
  /// Tables by which of them the kernel can change at once.
  func batches(_ tables: [IPTable]) -> [[IPTable]]
  /// Lets `body` look at a table, and makes none of the changes that it collects, nor a table that is not there.
  func look<T>(_ table: IPTable, _ body: (inout TableEdit) throws(CNIError) -> T) throws(CNIError) -> T
  /// The same where plugins can have rules in which one of these texts stands, the name of a chain or a comment; nil elsewhere.
  func look<T>(
    _ table: IPTable, anyOf texts: [String], _ body: (inout TableEdit) throws(CNIError) -> T
  ) throws(CNIError) -> T?
  /// Has the kernel check the changes that `edit` collects, and makes none, nor a table; throws why they could not be made.
  func rehearse(_ table: IPTable, _ edit: (inout TableEdit) throws(CNIError) -> Void) throws(CNIError)
  /// Whether the kernel can keep such tables, and somebody has rules there.
  func presence() -> IPTablesPresence
  /// Whether the kernel has tables of a family, which may have come without IPv6.
  func hasTables(_ family: AddressFamily) -> Bool
  /// Whether there can be rules in a table, where that is faster to find out than to look for one.
  func mayHold(_ table: IPTable) -> Bool
  /// The same of rules in which one of these texts stands, the name of a chain or a comment, and of the chains that plugins write to:
  /// those of the hooks, and those whose names begin with `IPTable.pluginChains`.
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
  /// The same for one table.
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

/// Changes of a table that are being collected. What was collected is not seen by `rules(of:)`.
package struct TableEdit {
  package enum Place: Equatable {
    case start, end
    /// Right behind a rule.
    case after(PlacedRule)
  }

  package enum Change: Equatable {
    /// A chain without a hook.
    case makeChain(String)
    /// With all rules in it.
    case removeChain(String)
    case flush(String)
    case insert(IPTablesRule, into: String, Place)
    /// Puts a rule that was there back.
    case restore(KeptRule, into: String, Place)
    case remove(PlacedRule, from: String)
  }

  package let table: IPTable
  private let reader: any TableReader
  // There are few, and looking through them takes less than a dictionary's making.
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

  /// Asks for several chains at once, which takes less time than to ask for one after another.
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

  /// How many rules there are in a chain, and jumps to it, together; 0 if there is no such chain.
  package mutating func uses(of chain: String) throws(CNIError) -> Int { try state(of: chain)?.uses ?? 0 }

  /// Forgets the changes, and returns what they would have been, in words.
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

  /// Rules of a chain whose bytes hold one of the patterns, such as an address, a name or a comment, up to the first for which
  /// `isLast` holds. Others may be among them. None if there is no such chain. `isLast` may not be asked of each: where others change
  /// the ruleset meanwhile all are read again.
  package func rules(
    of chain: String, holding patterns: [[UInt8]]?, until isLast: ((PlacedRule) -> Bool)? = nil
  ) throws(CNIError) -> [PlacedRule] {
    if let known = known.first(where: { $0.name == chain }) { return known.rules }
    return try reader.rules(of: chain, holding: patterns, until: isLast)
  }

  /// The rules of all chains, with patterns those whose bytes hold one of them, and others.
  package func allRules(holding patterns: [[UInt8]]?) throws(CNIError) -> [(chain: String, rule: PlacedRule)] {
    try reader.allRules(holding: patterns)
  }

  /// The chains whose names begin so.
  package func chains(withPrefix prefix: String) throws(CNIError) -> [String] {
    try reader.chains(withPrefix: prefix)
  }

  /// Whether a packet that comes to a chain can be dropped, but for what other chains do that the name of one fits.
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

  /// Makes a chain hold exactly what was once read from one.
  package mutating func restore(_ chain: String, with rules: [KeptRule]) throws(CNIError) {
    changes.append(try has(chain) ? .flush(chain) : .makeChain(chain))
    for rule in rules { changes.append(.restore(rule, into: chain, .end)) }
  }

  /// Adds a rule that was once read right behind another, or at the start.
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
  /// The chain that it is about.
  var chain: String {
    switch self {
    case .makeChain(let chain), .removeChain(let chain), .flush(let chain), .insert(_, let chain, _),
      .restore(_, let chain, _), .remove(_, let chain):
      chain
    }
  }
}

extension TableEdit.Change: CustomStringConvertible {
  /// What is not as it should be, if this change has to be made.
  package var description: String {
    switch self {
    case .makeChain(let chain): "the chain \(chain) is missing"
    case .removeChain(let chain): "there is a chain \(chain)"
    case .flush(let chain): "the rules of the chain \(chain) are others"
    case .insert(let rule, let chain, _): "missing: -A \(chain) \(rule.text)"
    case .restore(let rule, let chain, _): "missing: -A \(chain) \(rule.text)"
    case .remove(let rule, let chain): "too much: -A \(chain) \(rule.kept.text)"
    }
  }
}
