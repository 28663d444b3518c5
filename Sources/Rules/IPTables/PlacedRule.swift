// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

/// A rule where it stands.
package struct PlacedRule: Equatable, Sendable {
  /// The chain that it jumps or goes to, also of a rule that is otherwise not understood.
  package let jump: String?
  /// What the transport finds it by.
  package let handle: UInt64
  private let look: @Sendable () -> Bool
  private let decode: @Sendable () -> IPTablesRule?
  private let copy: @Sendable () -> [UInt8]

  /// `rule`, `canDrop` and `bytes` are found out when they are asked for: a chain may hold thousands.
  package init(
    rule: @autoclosure @escaping @Sendable () -> IPTablesRule?, jump: String?, handle: UInt64,
    canDrop: @autoclosure @escaping @Sendable () -> Bool, bytes: @autoclosure @escaping @Sendable () -> [UInt8]
  ) {
    decode = rule
    look = canDrop
    copy = bytes
    self.jump = jump
    self.handle = handle
  }

  /// Whether a packet that comes to the rule can be dropped by it, and not by the chain that it jumps to.
  package var canDrop: Bool { look() }

  /// Nil for one that this program does not write.
  package var rule: IPTablesRule? { decode() }

  /// The rule without the table that it was read from, which may be large.
  package var kept: KeptRule { KeptRule(rule: rule, jump: jump, bytes: copy()) }

  package static func == (left: PlacedRule, right: PlacedRule) -> Bool { left.handle == right.handle }
}

/// A rule that can be put back where it stood, also one that this program does not write.
package struct KeptRule: Equatable, Sendable {
  /// Nil for one that this program does not write.
  package let rule: IPTablesRule?
  package let jump: String?
  /// The rule as the transport that has read it writes it.
  package let bytes: [UInt8]

  /// As a person reads it.
  var text: String { rule?.text ?? "(a rule that is not understood)" }
}

extension [PlacedRule] {
  /// Whether they are exactly these rules, in this order.
  func are(_ rules: [IPTablesRule]) -> Bool {
    count == rules.count && zip(self, rules).allSatisfy { $0.rule == $1 }
  }
}
