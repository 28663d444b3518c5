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

    var bit: UInt16 {
      switch self {
      case .invalid: 1 << 0
      case .established: 1 << 1
      case .related: 1 << 2
      case .new: 1 << 3
      // Behind the five states of connections, and SNAT and DNAT.
      case .untracked: 1 << 8
      }
    }
  }

  package let states: Set<State>
  /// Whether the connection's destination must be a translated one: `--ctstatus DNAT`.
  package let isTranslated: Bool

  package init(states: Set<State> = [], isTranslated: Bool = false) {
    self.states = states
    self.isTranslated = isTranslated
  }

  let name = "conntrack"
  let revision: UInt8 = 3

  /// struct xt_conntrack_mtinfo3: 146 bytes of what we never look at, flags of what is looked at, flags of what is negated,
  /// states, status, four more ports.
  var payload: [UInt8] {
    var bytes = [UInt8](repeating: 0, count: Self.flagsOffset)
    bytes.append(integer: UInt16((states.isEmpty ? 0 : Self.looksAtState) | (isTranslated ? Self.looksAtStatus : 0)))
    bytes.append(integer: UInt16(0))
    bytes.append(integer: states.reduce(0) { $0 | $1.bit })
    bytes.append(integer: isTranslated ? Self.destinationTranslated : 0)
    return bytes + [UInt8](repeating: 0, count: Self.length - bytes.count)
  }

  var options: String {
    let list = State.allCases.filter { states.contains($0) }.map(\.rawValue).joined(separator: ",")
    let parts = [list.isEmpty ? nil : "--ctstate \(list)", isTranslated ? "--ctstatus DNAT" : nil]
    return parts.compactMap { $0 }.joined(separator: " ")
  }

  init?(_ name: String, _ revision: UInt8, _ payload: ArraySlice<UInt8>) {
    func word(_ index: Int) -> UInt16? { payload.integer(UInt16.self, at: Self.flagsOffset + 2 * index) }
    guard
      name == "conntrack", revision == 3, let looks = word(0), let negates = word(1), let states = word(2),
      let status = word(3), negates == 0, looks & ~(Self.looksAtState | Self.looksAtStatus) == 0
    else { return nil }
    let known = State.allCases.filter { states & $0.bit != 0 }
    let isTranslated = looks & Self.looksAtStatus != 0
    guard known.reduce(0, { $0 | $1.bit }) == states, !isTranslated || status == Self.destinationTranslated else {
      return nil
    }
    self.init(states: Set(known), isTranslated: isTranslated)
  }

  private static let flagsOffset = 146
  /// Padded to four bytes.
  private static let length = 164
  private static let looksAtState: UInt16 = 1 << 0
  private static let looksAtStatus: UInt16 = 1 << 6
  /// `IPS_DST_NAT` (linux/netfilter/nf_conntrack_common.h)
  private static let destinationTranslated: UInt16 = 1 << 5
}
