// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address

/// What a configuration says that only rules in tables of iptables are about.
package struct IPTablesSettings: Sendable {
  /// The two ways in which a host keeps these tables.
  package enum Variant: String, CaseIterable, Sendable { case legacy, nft }

  /// The bit of the mark by which packets are masqueraded: 0…31.
  package var markBit: Int
  /// Somebody else's chain that marks packets which are to be masqueraded.
  package var markChain: String?
  /// What else a packet must be like, in words of iptables' command line.
  package var conditions: PerFamily<[String]>
  /// The chain in which an administrator says more about packets that are forwarded.
  package var adminChain = "CNI-ADMIN"
  /// Nil: the one that the host uses.
  package var variant: Variant?

  package init(
    markBit: Int = 13, markChain: String? = nil, conditions: PerFamily<[String]> = PerFamily { _ in [] },
    variant: Variant? = nil
  ) {
    self.markBit = markBit
    self.markChain = markChain
    self.conditions = conditions
    self.variant = variant
  }
}
