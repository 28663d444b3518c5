// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI

/// Reads a table for a transport. Callers say which rules they need, because the kernel takes long to list thousands.
package protocol TableReader {
  /// The states of those of these chains that exist.
  func states(of chains: [String]) throws(CNIError) -> [ChainState]
  /// The rules of a chain in their order; none if there is no such chain. With patterns those whose bytes contain one of them,
  /// and perhaps others; none after the first for which `isLast` holds.
  func rules(
    of chain: String, holding patterns: [[UInt8]]?, until isLast: ((PlacedRule) -> Bool)?
  ) throws(CNIError) -> [PlacedRule]
  /// The rules of all chains, in the same way.
  func allRules(holding patterns: [[UInt8]]?) throws(CNIError) -> [(chain: String, rule: PlacedRule)]
  func chains(withPrefix prefix: String) throws(CNIError) -> [String]
}

/// A chain without its rules.
package struct ChainState: Equatable {
  package let name: String
  /// The number of its rules and of the jumps to it, together.
  package let uses: Int
  /// Whether its policy is drop.
  package let isDropping: Bool

  package init(name: String, uses: Int, isDropping: Bool) {
    self.name = name
    self.uses = uses
    self.isDropping = isDropping
  }
}

/// A table that does not exist.
package struct EmptyTable: TableReader {
  package init() {}

  package func states(of chains: [String]) -> [ChainState] { [] }

  package func rules(
    of chain: String, holding patterns: [[UInt8]]?, until isLast: ((PlacedRule) -> Bool)?
  ) -> [PlacedRule] { [] }

  package func allRules(holding patterns: [[UInt8]]?) -> [(chain: String, rule: PlacedRule)] { [] }

  package func chains(withPrefix prefix: String) -> [String] { [] }
}
