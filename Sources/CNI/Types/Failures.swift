// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

/// The failures of steps of which each is taken whatever came of the others.
package struct Failures {
  private var all: [CNIError] = []

  package init() {}

  package var isEmpty: Bool { all.isEmpty }

  package mutating func collect(_ step: () throws(CNIError) -> Void) {
    do {
      try step()
    } catch {
      all.append(error)
    }
  }

  /// One error with the code of the first failure and the messages of all; nil if there was none.
  package var error: CNIError? {
    all.first.map { CNIError($0.code, all.map(\.message).joined(separator: "; "), details: $0.details) }
  }

  /// Throws that error if any step has failed.
  package func report() throws(CNIError) {
    if let error { throw error }
  }
}
