// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI

/// A change that was made, and that can be undone.
package struct AppliedChange {
  /// The host ports and addresses that had another owner before.
  package let takeovers: [Takeover]
  private let revert: () throws(CNIError) -> Void
  private let finish: () throws(CNIError) -> Void
  private let isRehearsed: Bool

  /// `undo` restores the former state, except where others have changed it since; `completion` does the steps that must wait
  /// until the change is sure to stay.
  package init(
    takeovers: [Takeover] = [], isRehearsed: Bool = false, undo: @escaping () throws(CNIError) -> Void,
    completion: @escaping () throws(CNIError) -> Void = {}
  ) {
    self.takeovers = takeovers
    self.isRehearsed = isRehearsed
    revert = undo
    finish = completion
  }

  /// A change that was only checked: steps that belong to it are skipped.
  package static func rehearsed(takeovers: [Takeover]) -> AppliedChange {
    AppliedChange(takeovers: takeovers, isRehearsed: true, undo: {})
  }

  package func undo() throws(CNIError) { try revert() }

  /// Runs steps that belong to the change; if they throw, undoes the change.
  package func including<T>(_ steps: () throws(CNIError) -> T) throws(CNIError) -> T {
    try allOrNothing(undo: revert, steps)
  }

  /// Runs the steps that belong to the change, and then its completion; if the steps throw, undoes the change. A completion that
  /// throws undoes nothing.
  package func complete(_ steps: () throws(CNIError) -> Void) throws(CNIError) {
    if isRehearsed { return }
    try including(steps)
    try finish()
  }
}

/// Whether an ADD takes over a host port or an address that another attachment has.
package enum ConflictPolicy: String, CaseIterable, Sendable {
  /// The last write wins.
  case replace
  case error
}

/// A host port or an address that was taken from another attachment.
package struct Takeover: Equatable, Sendable {
  /// The host port or the address, for messages.
  package let subject: String
  /// The attachment that had it.
  package let previous: String

  package init(of subject: String, previous: String) {
    self.subject = subject
    self.previous = previous
  }
}
