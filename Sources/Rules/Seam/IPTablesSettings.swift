// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address

/// The options of a configuration that matter only for rules in the tables of iptables.
package struct IPTablesSettings: Sendable {
  /// The variants of iptables.
  package enum Variant: String, CaseIterable, Sendable { case legacy, nft }

  /// The bit of the fwmark, 0…31, that marks packets to be masqueraded.
  package var markBit: Int
  /// A chain of another program that marks packets to be masqueraded, used instead of ours.
  package var markChain: String?
  /// Conditions that packets must meet besides, as words of iptables' command line.
  package var conditions: PerFamily<[String]>
  /// The chain of the administrator's rules for forwarded packets.
  package var adminChain = "CNI-ADMIN"
  /// Nil for the variant that the host uses.
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
