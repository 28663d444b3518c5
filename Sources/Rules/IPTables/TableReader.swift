// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI

/// A table as a transport has read it, or reads it. The kernel takes long to tell of thousands of rules: whoever asks says which
/// it needs.
protocol TableReader {
  func has(_ chain: String) throws(CNIError) -> Bool
  /// How many rules there are in a chain, and jumps to it, together; 0 if there is no such chain.
  func uses(of chain: String) throws(CNIError) -> Int
  /// Whether what no rule of a chain decides is dropped.
  func isDropping(_ chain: String) throws(CNIError) -> Bool
  /// The rules of a chain in their order; nil if there is no such chain. With needles those whose bytes hold one of them, and
  /// perhaps others. None behind the first for which `isLast` holds.
  func rules(
    of chain: String, holding needles: [[UInt8]]?, until isLast: ((PlacedRule) -> Bool)?
  ) throws(CNIError) -> [PlacedRule]?
  /// The same for all chains.
  func allRules(holding needles: [[UInt8]]?) throws(CNIError) -> [(chain: String, rule: PlacedRule)]
  func chains(withPrefix prefix: String) throws(CNIError) -> [String]
}
