// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import ArgumentParser

/// `KEY=VALUE`.
package struct Assignment: Equatable, Sendable {
  package let key: String
  package let value: String

  /// Parses the text; nil if there is no key or no `=`.
  package init?(_ text: String) {
    let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    guard parts.count == 2, !parts[0].isEmpty else { return nil }
    (key, value) = (parts[0], parts[1])
  }
}

extension Assignment: ExpressibleByArgument {
  package init?(argument: String) { self.init(argument) }
}
