// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Digest
import NFTables

/// A chain that comes when it is first needed, with its sets and the rules elsewhere that jump to it.
struct OnDemandChain: Sendable {
  let name: String
  var sets: [NamedSet]
  /// Elements that belong to the chain and to no attachment.
  var fixtures: [Element] = []
  var rules: [NFTRule]
  /// Go to the head of their chains.
  let jumps: [NFTRule]

  /// How often the chain is used if it is whole.
  var use: Int { rules.count + jumps.count }

  /// What stands for a network in names.
  static func networkID(_ network: String) -> String { String(sha512(network).prefix(8)) }
}
