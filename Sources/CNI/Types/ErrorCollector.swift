// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

/// Collects the errors of steps that all run, even if earlier ones fail.
package struct ErrorCollector {
  private var all: [CNIError] = []

  package init() {}

  package var isEmpty: Bool { all.isEmpty }

  /// Runs a step, and keeps its error.
  package mutating func run(_ step: () throws(CNIError) -> Void) {
    do {
      try step()
    } catch {
      all.append(error)
    }
  }

  /// One error with the code and details of the first failure and the messages of all; nil if there is none.
  package var error: CNIError? {
    all.first.map { CNIError($0.code, all.map(\.message).joined(separator: "; "), details: $0.details) }
  }

  /// Throws ``error`` if any step failed.
  package func throwIfAny() throws(CNIError) {
    if let error { throw error }
  }
}
