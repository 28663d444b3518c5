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

  @Test(
    "a part is found where its bytes stand, at the start, in the middle or at the end",
    arguments: [
      ("", "", true), ("", "a", true), ("a", "", false), ("ab", "ab", true), ("ab", "abc", true), ("bc", "abc", true),
      ("bb", "abbc", true), ("aab", "aaab", true), ("ac", "abc", false), ("abcd", "abc", false),
      ("legacy", "/usr/sbin/xtables-legacy-multi", true), ("legacy", "/usr/sbin/xtables-nft-multi", false),
      ("é", "ae\u{301}", false),
    ])
  func isPartOf(part: String, text: String, isThere: Bool) {
    #expect(isPart(part, of: text) == isThere)
  }
}
