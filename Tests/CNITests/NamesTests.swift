// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI
import Testing

@Suite struct NamesTests {
  @Test("an identifier begins with a letter or digit", arguments: ["a", "Z", "0", "a-b_c.D", "0..", "9f78d6ff0820"])
  func identifier(text: String) {
    #expect(isIdentifier(text))
  }

  @Test(
    "other texts are no identifiers",
    arguments: ["", "../x", ".a", "-a", "_a", "a/b", "a b", "a\n", "a\0", "é", "aé", "a:b", "a~b", "٣"])
  func noIdentifier(text: String) {
    #expect(!isIdentifier(text))
  }

  @Test(
    "the kernel takes these as names of interfaces",
    arguments: ["a", "eth0", "...", "eth0.100", "eth0@if3", "fifteen_bytes_x", "ééééééé", "\u{7f}", "-"])
  func interface(text: String) {
    #expect(isInterfaceName(text))
  }

  @Test(
    "the kernel refuses these as names of interfaces, or makes others of them",
    arguments: [
      "", ".", "..", "a/b", "a:b", "a b", "a\tb", "a\nb", "a\u{b}b", "a\u{c}b", "a\rb", "a\0b", "sixteen_bytes_xx",
      "éééééééé", "%", "eth%d", "a%%b",
    ])
  func noInterface(text: String) {
    #expect(!isInterfaceName(text))
  }

  @Test("a text that fits is not shortened", arguments: ["", "a", String(repeating: "x", count: 28)])
  func fits(text: String) {
    #expect(shortened(text, to: 28) == text)
  }

  @Test("a text that does not fit begins as it did and ends with a hash")
  func shortenedText() {
    let text = String(repeating: "x", count: 300)
    // The first digits of `printf %s x… | sha512sum`.
    #expect(shortened(text, to: 28) == String(repeating: "x", count: 11) + "~0dc240ae43b18eea")
  }

  @Test("texts with the same beginning stay different", arguments: [28, 64, 255])
  func different(limit: Int) {
    let texts = (0..<100).map { String(repeating: "x", count: 255) + "\($0)" }
    let short = Set(texts.map { shortened($0, to: limit) })
    #expect(short.count == texts.count)
    #expect(short.allSatisfy { $0.utf8.count == limit })
  }
}
