// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

/// The parts, joined by a separator. `Sequence.joined(separator:)` makes generic types at run time at its first use; this function is for
/// the paths that every call takes (see ARCHITECTURE.md, "Starting fast").
package func joined(_ parts: [String], by separator: String) -> String {
  var text = ""
  var isFirst = true
  for part in parts {
    if !isFirst { text += separator }
    text += part
    isFirst = false
  }
  return text
}

/// Whether `part` stands somewhere in a text, byte for byte. `StringProtocol.contains` makes a dictionary's type at run time.
package func isPart(_ part: String, of text: String) -> Bool {
  part.isEmpty || text.utf8.indices.contains { text.utf8[$0...].starts(with: part.utf8) }
}
