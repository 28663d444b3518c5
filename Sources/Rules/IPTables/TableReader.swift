// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI

/// A table as a transport has read it, or reads it. The kernel takes long to tell of thousands of rules: whoever asks says which
/// it needs.
protocol TableReader {
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
struct ChainState: Equatable {
  let name: String
  /// How many rules there are in it, and jumps to it, together.
  let uses: Int
  /// Whether what none of its rules decides is dropped.
  let isDropping: Bool
}

/// A table that nobody has made.
struct EmptyTable: TableReader {
  var isWhole: Bool { true }

  func states(of chains: [String]) -> [ChainState] { [] }

  func rules(
    of chain: String, holding patterns: [[UInt8]]?, until isLast: ((PlacedRule) -> Bool)?
  ) -> [PlacedRule] { [] }

  func allRules(holding patterns: [[UInt8]]?) -> [(chain: String, rule: PlacedRule)] { [] }

  func chains(withPrefix prefix: String) -> [String] { [] }
}
