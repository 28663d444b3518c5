// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI

/// A table as a transport has read it, or reads it. The kernel takes long to tell of thousands of rules: whoever asks says which
/// it needs.
package protocol TableReader {
  /// Those of these chains that are there.
  func states(of chains: [String]) throws(CNIError) -> [ChainState]
  /// The rules of a chain in their order; none if there is no such chain. With patterns those whose bytes hold one of them, and
  /// perhaps others. None behind the first for which `isLast` holds.
  func rules(
    of chain: String, holding patterns: [[UInt8]]?, until isLast: ((PlacedRule) -> Bool)?
  ) throws(CNIError) -> [PlacedRule]
  /// The same for all chains.
  func allRules(holding patterns: [[UInt8]]?) throws(CNIError) -> [(chain: String, rule: PlacedRule)]
  func chains(withPrefix prefix: String) throws(CNIError) -> [String]
}

/// A chain but for what its rules are.
package struct ChainState: Equatable {
  package let name: String
  /// How many rules there are in it, and jumps to it, together.
  package let uses: Int
  /// Whether what none of its rules decides is dropped.
  package let isDropping: Bool

  package init(name: String, uses: Int, isDropping: Bool) {
    self.name = name
    self.uses = uses
    self.isDropping = isDropping
  }
}

/// A table that nobody has made.
package struct EmptyTable: TableReader {
  package init() {}

  package func states(of chains: [String]) -> [ChainState] { [] }

  package func rules(
    of chain: String, holding patterns: [[UInt8]]?, until isLast: ((PlacedRule) -> Bool)?
  ) -> [PlacedRule] { [] }

  package func allRules(holding patterns: [[UInt8]]?) -> [(chain: String, rule: PlacedRule)] { [] }

  package func chains(withPrefix prefix: String) -> [String] { [] }
}
