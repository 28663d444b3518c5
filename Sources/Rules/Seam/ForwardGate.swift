// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI

/// The gate: rules by which packets that our own table has accepted pass the later base chains of iptables.
package protocol ForwardGate {
  /// Adds the missing rules for these families.
  func open(for families: [AddressFamily]) throws(CNIError)
  /// Describes which of the rules are missing; nothing is changed.
  func problems(for families: [AddressFamily]) throws(CNIError) -> [String]
  /// The tables that can drop forwarded packets and lack the rules.
  func closedTables(for families: [AddressFamily]) throws(CNIError) -> [String]
}
