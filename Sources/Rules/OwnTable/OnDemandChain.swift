// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Digest
import NFTables

/// A chain that is made when it is first needed, with its sets and the jumps to it from other chains.
struct OnDemandChain: Sendable {
  let name: String
  var sets: [NamedSet]
  /// Elements that belong to the chain and to no attachment.
  var fixtures: [Element] = []
  var rules: [NFTRule]
  /// The rules of other chains that jump to this one; they are added at the head.
  let jumps: [NFTRule]

  /// The use count of the chain in the kernel if it is complete.
  var use: Int { rules.count + jumps.count }

  /// The ID of a network in the names of chains and sets: a part of its hash.
  static func networkID(_ network: String) -> String { String(sha512(network).prefix(8)) }
}
