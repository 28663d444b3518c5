// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

/// A rule in a chain, as a transport has read it.
package struct PlacedRule: Equatable, Sendable {
  /// The chain that it jumps or goes to, also if the rule is not understood otherwise.
  package let jump: String?
  /// The handle by which the transport finds the rule.
  package let handle: UInt64
  private let look: @Sendable () -> Bool
  private let decode: @Sendable () -> IPTablesRule?
  private let copy: @Sendable () -> [UInt8]

  /// `rule`, `canDrop` and `bytes` are evaluated when they are needed: a chain may hold thousands of rules.
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

  /// Whether the rule itself can drop a packet, and not only the chain that it jumps to.
  package var canDrop: Bool { look() }

  /// The decoded rule; nil if this program would not write such a rule.
  package var rule: IPTablesRule? { decode() }

  /// A copy of the rule that does not keep the table, which may be large, in memory.
  package var kept: KeptRule { KeptRule(rule: rule, jump: jump, bytes: copy()) }

  package static func == (left: PlacedRule, right: PlacedRule) -> Bool { left.handle == right.handle }
}

/// A copy of a rule that can be restored, also if this program would not write it.
package struct KeptRule: Equatable, Sendable {
  /// The decoded rule; nil if this program would not write such a rule.
  package let rule: IPTablesRule?
  package let jump: String?
  /// The rule in the format of the transport that has read it.
  package let bytes: [UInt8]

  /// The rule for messages.
  var text: String { rule?.text ?? "(a rule of unknown form)" }
}

extension [PlacedRule] {
  /// Whether these are exactly the rules, in this order.
  func are(_ rules: [IPTablesRule]) -> Bool {
    count == rules.count && zip(self, rules).allSatisfy { $0.rule == $1 }
  }
}
