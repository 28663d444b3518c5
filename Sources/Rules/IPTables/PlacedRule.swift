// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

/// A rule where it stands.
package struct PlacedRule: Equatable, Sendable {
  /// The chain that it jumps or goes to, also of a rule that is otherwise not understood.
  package let jump: String?
  /// What the transport finds it by.
  let handle: UInt64
  private let look: @Sendable () -> Bool
  private let decode: @Sendable () -> IPTablesRule?

  /// `rule` and `canDrop` are found out when they are asked for: a chain may hold thousands.
  init(
    rule: @autoclosure @escaping @Sendable () -> IPTablesRule?, jump: String?, handle: UInt64,
    canDrop: @autoclosure @escaping @Sendable () -> Bool
  ) {
    decode = rule
    look = canDrop
    self.jump = jump
    self.handle = handle
  }

  /// Whether a packet that comes to the rule can be dropped by it, and not by the chain that it jumps to.
  package var canDrop: Bool { look() }

  /// Nil for one that this program does not write.
  package var rule: IPTablesRule? { decode() }

  package static func == (left: PlacedRule, right: PlacedRule) -> Bool { left.handle == right.handle }
}

extension [PlacedRule] {
  /// Whether they are exactly these rules, in this order.
  func are(_ rules: [IPTablesRule]) -> Bool {
    count == rules.count && zip(self, rules).allSatisfy { $0.rule == $1 }
  }
}
