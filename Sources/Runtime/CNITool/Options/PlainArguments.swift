// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

/// The pairs of `CNI_ARGS`, read as strictly as upstream's cnitool does: neither key nor value is empty, and there is one `=` in each pair.
package func argumentPairs(_ text: String) throws(ToolFailure) -> [(name: String, value: String)] {
  if text.isEmpty { return [] }
  var pairs: [(name: String, value: String)] = []
  for pair in text.split(separator: ";", omittingEmptySubsequences: false) {
    let parts = pair.split(separator: "=", omittingEmptySubsequences: false).map(String.init)
    guard parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty else {
      throw ToolFailure("invalid CNI_ARGS pair \"\(pair)\"", code: .badEnvironment)
    }
    pairs.append((parts[0], parts[1]))
  }
  return pairs
}
