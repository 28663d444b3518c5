// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Netlink

/// `-m conntrack --ctstate …` (linux/netfilter/xt_conntrack.h).
package struct ConnectionMatch: XTablesExtension, Hashable {
  /// A bit of `XT_CONNTRACK_STATE_…`, in the order in which iptables prints them.
  package enum State: String, CaseIterable, Sendable {
    case invalid = "INVALID"
    case new = "NEW"
    case related = "RELATED"
    case established = "ESTABLISHED"
    case untracked = "UNTRACKED"
    /// Not the state of a connection, but whether its source or destination is a translated one.
    case sourceTranslated = "SNAT"
    case destinationTranslated = "DNAT"

    var bit: UInt16 {
      switch self {
      case .invalid: 1 << 0
      case .established: 1 << 1
      case .related: 1 << 2
      case .new: 1 << 3
      // Behind the five states of connections.
      case .sourceTranslated: 1 << 6
      case .destinationTranslated: 1 << 7
      case .untracked: 1 << 8
      }
    }
  }

  package let states: Set<State>
  package let isNegated: Bool

  package init(_ states: Set<State>, isNegated: Bool = false) {
    self.states = states
    self.isNegated = isNegated
  }

  let name = "conntrack"
  let revision: UInt8 = 3

  /// struct xt_conntrack_mtinfo3: 146 bytes of what we never look at, flags of what is looked at, flags of what is negated,
  /// states, status, four more ports.
  var payload: [UInt8] {
    var bytes = [UInt8](repeating: 0, count: Self.flagsOffset)
    bytes.append(integer: Self.looksAtState)
    bytes.append(integer: isNegated ? Self.looksAtState : 0)
    bytes.append(integer: states.reduce(0) { $0 | $1.bit })
    return bytes + [UInt8](repeating: 0, count: Self.length - bytes.count)
  }

  var options: String {
    let list = State.allCases.filter { states.contains($0) }.map(\.rawValue).joined(separator: ",")
    return "\(isNegated ? "! " : "")--ctstate \(list)"
  }

  init?(_ name: String, _ revision: UInt8, _ payload: ArraySlice<UInt8>) {
    func word(_ index: Int) -> UInt16? { payload.integer(UInt16.self, at: Self.flagsOffset + 2 * index) }
    guard
      name == "conntrack", revision == 3, word(0) == Self.looksAtState, let negates = word(1),
      negates & ~Self.looksAtState == 0, let bits = word(2)
    else { return nil }
    let known = State.allCases.filter { bits & $0.bit != 0 }
    guard known.reduce(0, { $0 | $1.bit }) == bits else { return nil }
    self.init(Set(known), isNegated: negates != 0)
  }

  private static let flagsOffset = 146
  /// Padded to four bytes.
  private static let length = 164
  /// `XT_CONNTRACK_STATE`
  private static let looksAtState: UInt16 = 1 << 0
}
