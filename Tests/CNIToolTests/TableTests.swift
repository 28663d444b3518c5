// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Testing

@testable import CNITool

@Suite("tables") struct TableTests {
  @Test("columns are as wide as their widest text, and no line ends with spaces")
  func columns() {
    var table = Table("A", "LONG", "C")
    table.append(["first", "x", ""])
    table.append(["é", "yy", "z"])
    #expect(table.lines == ["A      LONG  C", "first  x", "é      yy    z"])
  }

  @Test("control characters of names are shown and not sent to the terminal; other text is as it is")
  func controlCharacters() {
    #expect(visible("a\u{1b}[31m\n\u{9b}é日") == "a\\x1b[31m\\x0a\\x9bé日")
    #expect(visible("a\nb\t\u{7f}", except: "\n\t") == "a\nb\t\\x7f")
    var table = Table("A")
    table.append(["x\ny"])
    #expect(table.lines == ["A", "x\\x0ay"])
  }

  @Test(
    "an age is in its largest unit",
    arguments: [
      (-5, "0s"), (0, "0s"), (59, "59s"), (60, "1m"), (3599, "59m"), (3600, "1h"), (86_399, "23h"), (86_400, "1d"),
      (8_640_000, "100d"),
    ])
  func ages(seconds: Int, text: String) { #expect(age(seconds: seconds) == text) }
}
