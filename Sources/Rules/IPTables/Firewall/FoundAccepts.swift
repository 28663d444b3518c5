// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI
import Rules

/// The accepts of some addresses, looked for once for all attempts at a change of tables in nf_tables: to look through thousands takes
/// longer than others leave the ruleset alone. A rule's handle stands for the same rule as long as the rule is there. In a legacy table,
/// which is read as a whole by each attempt, a rule stands elsewhere each time.
final class FoundAccepts {
  private let isKept: Bool
  private var found: [(table: IPTable, accepts: [PlacedRule], uses: Int)] = []

  /// So many attempts are made with what was found: one that removes a rule which is gone fails for ever.
  static let usesLimit = 5

  init(isKept: Bool) { self.isKept = isKept }

  /// All accepts of these addresses, or one of each kind for each.
  func accepts(
    of addresses: [IPAddress], all: Bool, _ table: IPTable, _ edit: inout TableEdit
  ) throws(CNIError) -> [PlacedRule] {
    guard isKept else { return try edit.accepts(of: addresses, all: all) }
    if let index = found.firstIndex(where: { $0.table == table }) {
      found[index].uses += 1
      if found[index].uses < Self.usesLimit { return found[index].accepts }
      found.remove(at: index)
    }
    let accepts = try edit.accepts(of: addresses, all: all)
    found.append((table, accepts, 0))
    return accepts
  }
}
