// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Digest
import NFTables

/// A part of the table that comes when it is first needed: a chain of its own, its sets, and the rules elsewhere that
/// jump to it.
struct Branch: Sendable {
  let chain: String
  var sets: [NamedSet]
  /// Elements that belong to the branch and to no owner.
  var fixtures: [Element] = []
  /// The chain's own rules.
  var body: [RuleObject]
  /// Go to the head of their chains.
  let jumps: [RuleObject]

  /// How often the chain is used if the branch is whole.
  var use: Int { body.count + jumps.count }

  /// What stands for a network in names.
  static func networkID(_ network: String) -> String { String(sha512(network).prefix(8)) }
}
