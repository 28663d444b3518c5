// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI

/// A change that was made, and how to take it back.
package struct AppliedChange {
  /// What had another owner before.
  package let takeovers: [Takeover]
  private let revert: () throws(CNIError) -> Void
  private let finish: () throws(CNIError) -> Void
  private let isRehearsed: Bool

  /// `undo` puts back what was there before, where nobody else has put anything since; `completion` does what can be done only
  /// when the change is to stay.
  package init(
    takeovers: [Takeover] = [], isRehearsed: Bool = false, undo: @escaping () throws(CNIError) -> Void,
    completion: @escaping () throws(CNIError) -> Void = {}
  ) {
    self.takeovers = takeovers
    self.isRehearsed = isRehearsed
    revert = undo
    finish = completion
  }

  /// A change that was only tried: steps that belong to it are left out.
  package static func rehearsed(takeovers: [Takeover]) -> AppliedChange {
    AppliedChange(takeovers: takeovers, isRehearsed: true, undo: {})
  }

  package func undo() throws(CNIError) { try revert() }

  /// Does steps that belong to the change; if one throws, the change is undone.
  package func including<T>(_ steps: () throws(CNIError) -> T) throws(CNIError) -> T {
    try allOrNothing(undo: revert, steps)
  }

  /// Does the steps that belong to the change, and what is left to do then; if one throws, the change is undone.
  package func complete(_ steps: () throws(CNIError) -> Void) throws(CNIError) {
    if isRehearsed { return }
    try including(steps)
    try finish()
  }
}

/// What becomes of what another attachment has: a host port, or an address.
package enum ConflictPolicy: String, CaseIterable, Sendable {
  /// The last write wins.
  case replace
  case error
}

/// Something that another attachment had.
package struct Takeover: Equatable, Sendable {
  /// A host port or an address, as a person reads it.
  package let subject: String
  /// The attachment that had it.
  package let previous: String

  package init(of subject: String, previous: String) {
    self.subject = subject
    self.previous = previous
  }
}
