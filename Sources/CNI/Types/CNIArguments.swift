// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

/// The pairs of `CNI_ARGS`: `KEY=value;KEY=value`.
package struct CNIArguments: Equatable, Sendable {
  package let values: [String: String]

  /// Parses the pairs. Throws code 4 for an item without `=` or with an unknown key, unless `IgnoreUnknown` is set.
  package init(_ text: String) throws(CNIError) {
    var values: [String: String] = [:]
    var unknown: [String] = []
    for item in text.split(separator: ";") {
      let parts = item.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard parts.count == 2, Self.isKnown(String(parts[0])) else {
        unknown.append(String(item))
        continue
      }
      values[String(parts[0])] = String(parts[1])
    }
    self.values = values
    if unknown.isEmpty || ["1", "true"].contains(values["IgnoreUnknown"]?.lowercased()) { return }
    let list = unknown.map { "\"\($0)\"" }.joined(separator: ", ")
    let known = "expected KEY=value with a key out of \(Self.known.joined(separator: ", ")) and K8S_*"
    throw CNIError(.badEnvironment, "CNI_ARGS: \(known), found \(list) (and no IgnoreUnknown=1)")
  }

  /// The keys that plugins of a chain read; runtimes send them to all plugins.
  private static let known = ["IP", "MAC", "GATEWAY", "IgnoreUnknown"]

  private static func isKnown(_ key: String) -> Bool { known.contains(key) || key.hasPrefix("K8S_") }
}
