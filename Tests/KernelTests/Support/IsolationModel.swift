// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address

/// How the isolation of bridges may change by one call, and what must be there after it.
///
/// The rules: an ADD with a policy makes the rules of its bridge, in each family of its addresses, and ours in both families if
/// it will. They stay while a container that was added with such a policy runs on the bridge. Upstream never removes them. Our
/// calls may remove them as soon as no running container has such a policy, and after our GC none are left of a bridge that
/// nobody is a port of and nobody is recorded for.
struct IsolationModel {
  enum Scope: Hashable {
    /// Nobody on another isolated bridge is reached.
    case acrossBridges
    /// Nor anybody on the same bridge.
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

  /// Says what the next call may change.
  mutating func allow(_ policy: FirewallModel.Policy, on bridge: String, mayVanish: Bool) {
    self.mayVanish = mayVanish
    mayAppear = Set(
      AddressFamily.allCases.flatMap { family in
        Self.scopes(policy).map { Rule(family: family, bridge: bridge, scope: $0) }
      })
  }

  /// Takes what is there after the call and returns what is wrong with it.
  mutating func observe(_ found: Set<Rule>, wanted: Set<Rule>, freeAfterGarbage: Set<String>) -> [String] {
    var problems = wanted.subtracting(found).map { "isolation is missing: \($0)" }
    problems += found.subtracting(present).subtracting(mayAppear).map { "isolation has appeared: \($0)" }
    if !mayVanish { problems += present.subtracting(found).map { "isolation has gone: \($0)" } }
    problems += found.filter { freeAfterGarbage.contains($0.bridge) }.map { "isolation is left: \($0)" }
    present = found
    return problems.sorted()
  }
}
