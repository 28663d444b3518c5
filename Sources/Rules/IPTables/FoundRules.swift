// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI

/// Rules in nf_tables that were found once for all attempts at a change: a look through thousands takes so long that the ruleset
/// has changed by then. A handle stays valid as long as its rule is there. A legacy table is read as a whole by each attempt, and
/// its rules have other handles each time.
final class FoundRules {
  private let isKept: Bool
  private var found: [(table: IPTable, rules: [PlacedRule], uses: Int)] = []

  /// The number of attempts with the same rules: if one of them is gone, an attempt to remove it fails each time.
  static let usesLimit = 5

  init(isKept: Bool) { self.isKept = isKept }

  /// Keeps found rules if the transport is that of nf_tables.
  init(in transport: any IPTablesTransport) { isKept = transport is NFTCompatTransport }

  /// The rules that `look` has found in a table, in this attempt or a former one.
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
