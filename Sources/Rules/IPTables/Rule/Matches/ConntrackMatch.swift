// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Netlink

/// `-m conntrack --ctstate …` (linux/netfilter/xt_conntrack.h).
package struct ConntrackMatch: XTablesExtension, Hashable {
  /// Bits of `XT_CONNTRACK_STATE_…`.
  package struct States: OptionSet, Hashable, Sendable {
    package let rawValue: UInt16

    package init(rawValue: UInt16) { self.rawValue = rawValue }

    package static let invalid = States(rawValue: 1 << 0)
    package static let established = States(rawValue: 1 << 1)
    package static let related = States(rawValue: 1 << 2)
    package static let new = States(rawValue: 1 << 3)
    // After the five states of connections: whether the source or the destination is translated.
    package static let sourceTranslated = States(rawValue: 1 << 6)
    package static let destinationTranslated = States(rawValue: 1 << 7)
    package static let untracked = States(rawValue: 1 << 8)

    /// In the order in which iptables prints them.
    package static let named: [(name: String, state: States)] = [
      ("INVALID", .invalid), ("NEW", .new), ("RELATED", .related), ("ESTABLISHED", .established),
      ("UNTRACKED", .untracked), ("SNAT", .sourceTranslated), ("DNAT", .destinationTranslated),
    ]
  }

  package let states: States
  package let isNegated: Bool

  package init(_ states: States, isNegated: Bool = false) {
    self.states = states
    self.isNegated = isNegated
  }

  package let name = "conntrack"
  package let revision: UInt8 = 3

  /// struct xt_conntrack_mtinfo3: 146 bytes for other conditions, flags of the conditions that are used, flags of those that are
  /// negated, states, status, four more ports.
  package var payload: [UInt8] {
    var bytes = [UInt8](repeating: 0, count: Self.flagsOffset)
    bytes.append(integer: Self.looksAtState)
    bytes.append(integer: isNegated ? Self.looksAtState : 0)
    bytes.append(integer: states.rawValue)
    return bytes + [UInt8](repeating: 0, count: Self.length - bytes.count)
  }

  package var options: String {
    let names = States.named.filter { states.contains($0.state) }.map(\.name)
    return "\(isNegated ? "! " : "")--ctstate \(names.joined(separator: ","))"
  }

  package init?(_ name: String, _ revision: UInt8, _ payload: ArraySlice<UInt8>) {
    func word(_ index: Int) -> UInt16? { payload.integer(UInt16.self, at: Self.flagsOffset + 2 * index) }
    guard
      name == "conntrack", revision == 3, word(0) == Self.looksAtState, let negates = word(1),
      negates & ~Self.looksAtState == 0, let bits = word(2)
    else { return nil }
    let states = States(rawValue: bits)
    guard Self.written.isSuperset(of: states) else { return nil }
    self.init(states, isNegated: negates != 0)
  }

  private static let written: States = [
    .invalid, .new, .related, .established, .untracked, .sourceTranslated, .destinationTranslated,
  ]
  private static let flagsOffset = 146
  /// Padded to four bytes.
  private static let length = 164
  /// `XT_CONNTRACK_STATE`
  private static let looksAtState: UInt16 = 1 << 0
}
