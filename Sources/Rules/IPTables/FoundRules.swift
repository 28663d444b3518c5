// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI

/// Rules that were looked for once for all attempts at a change of tables in nf_tables: to look through thousands takes longer than
/// others leave the ruleset alone. A rule's handle stands for the same rule as long as the rule is there. In a legacy table, which is
/// read as a whole by each attempt, a rule stands elsewhere each time.
final class FoundRules {
  private let isKept: Bool
  private var found: [(table: IPTable, rules: [PlacedRule], uses: Int)] = []

  /// So many attempts are made with what was found: one that removes a rule which is gone fails for ever.
  static let usesLimit = 5

  init(isKept: Bool) { self.isKept = isKept }

  /// The same for tables that a transport keeps.
  init(in transport: any IPTablesTransport) { isKept = transport is NFTCompatTransport }

  /// What `look` has found in a table, in this attempt or one before.
  func rules(_ table: IPTable, _ look: () throws(CNIError) -> [PlacedRule]) throws(CNIError) -> [PlacedRule] {
    guard isKept else { return try look() }
    if let index = found.firstIndex(where: { $0.table == table }) {
      found[index].uses += 1
      if found[index].uses < Self.usesLimit { return found[index].rules }
      found.remove(at: index)
    }
    let rules = try look()
    found.append((table, rules, 0))
    return rules
  }
}
