// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import OS

/// The pairs of `CNI_ARGS`: `KEY=value;KEY=value`.
package struct CNIArguments: Equatable, Sendable {
  private var pairs: [Pair] = []

  private struct Pair: Equatable {
    let key: String
    let value: String
  }

  /// Parses the pairs, for ADD. Throws code 4 for an item without `=` or with an unknown key, unless `IgnoreUnknown` is set.
  package init(_ text: String) throws(CNIError) {
    let unknown = read(text)
    if unknown.isEmpty || ["1", "true"].contains(self["IgnoreUnknown"]?.lowercased()) { return }
    let list = joined(unknown.map { "\"\($0)\"" }, by: ", ")
    let known = "expected KEY=value with a key out of \(joined(Self.known, by: ", ")) and K8S_*"
    throw CNIError(.badEnvironment, "CNI_ARGS: \(known), found \(list) (and no IgnoreUnknown=1)")
  }

  /// Parses the pairs, and passes over what is unknown: for all verbs but ADD, which must not fail for what an ADD has let through.
  package init(lenient text: String) { _ = read(text) }

  /// The value of a key, of its last pair; nil if it has none.
  package subscript(key: String) -> String? { pairs.last { $0.key == key }?.value }

  /// All values by key.
  package var values: [String: String] {
    var values: [String: String] = [:]
    for pair in pairs { values[pair.key] = pair.value }
    return values
  }

  /// Returns the items that are no pair of a known key.
  private mutating func read(_ text: String) -> [String] {
    var unknown: [String] = []
    for item in text.split(separator: ";") {
      let parts = item.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard parts.count == 2, Self.isKnown(String(parts[0])) else {
        unknown.append(String(item))
        continue
      }
      pairs.append(Pair(key: String(parts[0]), value: String(parts[1])))
    }
    return unknown
  }

  /// The keys that plugins of a chain read; runtimes send them to all plugins.
  private static let known = ["IP", "MAC", "GATEWAY", "IgnoreUnknown"]

  private static func isKnown(_ key: String) -> Bool { known.contains(key) || key.hasPrefix("K8S_") }
}
