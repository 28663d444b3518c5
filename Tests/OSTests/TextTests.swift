// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import OS
import Testing

@Suite struct TextTests {
  @Test(
    "parts are joined as the standard library joins them",
    arguments: [[], [""], ["a"], ["a", "b"], ["", ""], ["", "a", ""], ["ä", "\u{301}", "/", "a/b"]],
    ["", "/", ", ", "é"])
  func parts(parts: [String], separator: String) {
    let text = joined(parts, by: separator)
    #expect(Array(text.utf8) == Array(parts.joined(separator: separator).utf8))
  }
}
