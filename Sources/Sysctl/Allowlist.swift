// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

/// Patterns of the keys that may be set, one a line: Swift regular expressions that match whole keys.
package struct Allowlist: Sendable {
  /// A list that cannot be used, or that does not allow a key.
  package struct Refusal: Error, Equatable, CustomStringConvertible {
    package let description: String
  }

  private struct Pattern: Sendable {
    let text: String
    let line: Int
  }

  private let patterns: [Pattern]

  /// Reads a list; empty lines and lines that begin with `#` say nothing. A pattern that is none is an error with its
  /// line.
  package init(_ text: String) throws(Refusal) {
    var patterns: [Pattern] = []
    // Some editors begin a file with a byte order mark.
    let text = text.hasPrefix("\u{feff}") ? text.dropFirst() : text[...]
    for (index, line) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated() {
      let words = line.trimmingPrefix(while: \.isWhitespace)
      if words.isEmpty || words.first == "#" { continue }
      let pattern = Pattern(text: String(words.reversed().drop(while: \.isWhitespace).reversed()), line: index + 1)
      _ = try Self.expression(pattern)
      patterns.append(pattern)
    }
    self.patterns = patterns
  }

  /// Throws unless a pattern matches one of the key's spellings from end to end.
  package func require(_ key: SysctlKey) throws(Refusal) {
    var partial: Pattern?
    for pattern in patterns {
      let expression = try Self.expression(pattern)
      for spelling in key.spellings {
        if (try? expression.wholeMatch(in: spelling)) ?? nil != nil { return }
        if partial == nil, (try? expression.firstMatch(in: spelling)) ?? nil != nil { partial = pattern }
      }
    }
    guard let partial else { throw Refusal(description: "\(key.text) is not allowed") }
    throw Refusal(
      description: "\(key.text) is not allowed: line \(partial.line), \"\(partial.text)\", matches a part of it only; "
        + "a pattern must match the whole key, so write out the rest of it, or \".*\" where anything may stand")
  }

  private static func expression(_ pattern: Pattern) throws(Refusal) -> Regex<AnyRegexOutput> {
    do {
      return try Regex(pattern.text)
    } catch {
      throw Refusal(description: "line \(pattern.line): \"\(pattern.text)\" is no regular expression: \(error)")
    }
  }
}
