// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address

/// A model of the isolation of bridges: how a call may change it, and what must be there after the call.
///
/// Its rules: an ADD with a policy adds the rules of its bridge, in each family of its addresses; our ADD may add them in both
/// families. They stay while a container that was added with such a policy runs on the bridge. Upstream never removes them. Our
/// calls may remove them as soon as no running container has such a policy, and after our GC a bridge without ports and without
/// records has none.
struct IsolationModel {
  enum Scope: Hashable {
    /// Packets to other isolated bridges are dropped.
    case acrossBridges
    /// Packets within the bridge are dropped too.
    case withinBridge
  }

  struct Rule: Hashable, CustomStringConvertible {
    let family: AddressFamily
    let bridge: String
    let scope: Scope

    var description: String { "\(scope) of \(bridge) in \(family)" }
  }

  private(set) var present: Set<Rule> = []
  private var mayAppear: Set<Rule> = []
  private var mayVanish = false

  static func scopes(_ policy: FirewallModel.Policy) -> [Scope] {
    switch policy {
    case .open: []
    case .sameBridge: [.acrossBridges]
    case .isolated: [.acrossBridges, .withinBridge]
    }
  }

  /// States what the next call may change.
  mutating func allow(_ policy: FirewallModel.Policy, on bridge: String, mayVanish: Bool) {
    self.mayVanish = mayVanish
    mayAppear = Set(
      AddressFamily.allCases.flatMap { family in
        Self.scopes(policy).map { Rule(family: family, bridge: bridge, scope: $0) }
      })
  }

  /// Compares the state after the call, and returns what is wrong with it.
  mutating func observe(_ found: Set<Rule>, wanted: Set<Rule>, freeAfterGarbage: Set<String>) -> [String] {
    var problems = wanted.subtracting(found).map { "isolation is missing: \($0)" }
    problems += found.subtracting(present).subtracting(mayAppear).map { "isolation has appeared: \($0)" }
    if !mayVanish { problems += present.subtracting(found).map { "isolation has gone: \($0)" } }
    problems += found.filter { freeAfterGarbage.contains($0.bridge) }.map { "isolation is left: \($0)" }
    present = found
    return problems.sorted()
  }
}
