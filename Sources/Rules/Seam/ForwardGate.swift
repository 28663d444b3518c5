// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI

/// What lets packets that our own table has accepted pass the chains of iptables behind it.
package protocol ForwardGate {
  /// Makes the rules for these families be there.
  func open(for families: [AddressFamily]) throws(CNIError)
  /// What of them is missing, in words; nothing is changed.
  func problems(for families: [AddressFamily]) throws(CNIError) -> [String]
  /// The tables that can drop what is forwarded, and lack the rules.
  func closedTables(for families: [AddressFamily]) throws(CNIError) -> [String]
}
