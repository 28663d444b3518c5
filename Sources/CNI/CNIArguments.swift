// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

/// The pairs of `CNI_ARGS`: `KEY=value;KEY=value`.
package struct CNIArguments: Equatable, Sendable {
  package let values: [String: String]

  /// No arguments.
  package static let empty = CNIArguments(values: [:])

  private init(values: [String: String]) { self.values = values }

  /// Reads the pairs; an item without `=` is code 4.
  package init(_ text: String) throws(CNIError) {
    var values: [String: String] = [:]
    for item in text.split(separator: ";") {
      let parts = item.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard parts.count == 2, !parts[0].isEmpty else {
        throw CNIError(.badEnvironment, "CNI_ARGS: expected KEY=value, found \"\(item)\"")
      }
      values[String(parts[0])] = String(parts[1])
    }
    self.values = values
  }

  /// For a plugin that reads arguments: code 4 for one that it does not know, unless `IgnoreUnknown` allows it.
  package func requireKnown(_ names: [String]) throws(CNIError) {
    if values.isEmpty { return }
    if ["1", "true"].contains(values["IgnoreUnknown"]?.lowercased()) { return }
    let unknown = values.keys.filter { !names.contains($0) && $0 != "IgnoreUnknown" }.sorted()
    if !unknown.isEmpty {
      throw CNIError(.badEnvironment, "CNI_ARGS: unknown: \(unknown.joined(separator: ", ")) (and no IgnoreUnknown=1)")
    }
  }
}
