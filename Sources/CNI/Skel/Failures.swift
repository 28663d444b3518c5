// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI

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

  /// Throws the first with the code, and what all say.
  package func report() throws(CNIError) {
    guard let first = all.first else { return }
    throw CNIError(first.code, all.map(\.message).joined(separator: "; "), details: first.details)
  }
}
