// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

/// The list of keys that may be set: one regular expression per line, each matching whole keys. A pattern that contains a slash is also
/// compared with the key's spelling with slashes.
package struct Allowlist: Sendable {
  /// A key that the list does not allow.
  package struct Refusal: Error, Equatable, CustomStringConvertible {
    package let description: String
  }

  private struct Pattern: Sendable {
    let text: String
    let line: Int
  }

  private let patterns: [Pattern]
  /// Errors of lines that are not regular expressions. Such lines allow nothing; the others apply.
  package let unusableLines: [String]

  /// Reads a list; ignores empty lines and lines that begin with `#`.
  package init(_ text: String) {
    var patterns: [Pattern] = []
    var unusable: [String] = []
    // Some editors write a byte order mark.
    let text = text.hasPrefix("\u{feff}") ? text.dropFirst() : text[...]
    for (index, line) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated() {
      let words = line.trimmingPrefix(while: \.isWhitespace)
      if words.isEmpty || words.first == "#" { continue }
      let pattern = Pattern(text: String(words.reversed().drop(while: \.isWhitespace).reversed()), line: index + 1)
      do {
        _ = try Self.expression(pattern)
        patterns.append(pattern)
      } catch {
        unusable.append("line \(pattern.line): \"\(pattern.text)\" is not a regular expression: \(error)")
      }
    }
    self.patterns = patterns
    unusableLines = unusable
  }

  /// Throws unless a pattern matches one of the key's spellings completely.
  package func require(_ key: SysctlKey) throws(Refusal) {
    var partial: Pattern?
    for pattern in patterns {
      guard let expression = try? Self.expression(pattern) else { continue }
      for spelling in key.spellings + (pattern.text.contains("/") ? key.slashedSpellings : []) {
        if (try? expression.wholeMatch(in: spelling)) ?? nil != nil { return }
        if partial == nil, (try? expression.firstMatch(in: spelling)) ?? nil != nil { partial = pattern }
      }
    }
    var reasons = ["\(key.text) is not allowed"]
    if let partial {
      reasons[0] +=
        ": line \(partial.line), \"\(partial.text)\", matches a part of it only; "
        + "a pattern must match the whole key, so write out the rest of it, or \".*\" where anything may stand"
    }
    throw Refusal(description: (reasons + unusableLines).joined(separator: "; "))
  }

  private static func expression(_ pattern: Pattern) throws -> Regex<AnyRegexOutput> {
    try Regex(bracingCharacterClasses(pattern.text))
  }

  /// The pattern with `\pL` spelled `\p{L}`: upstream's regular expressions accept both, Swift's only the latter.
  static func bracingCharacterClasses(_ pattern: String) -> String {
    var result = ""
    var rest = pattern[...]
    var isQuoted = false
    while let character = rest.popFirst() {
      result.append(character)
      guard character == "\\", let escaped = rest.popFirst() else { continue }
      result.append(escaped)
      if escaped == "Q" || escaped == "E" { isQuoted = escaped == "Q" }
      guard !isQuoted, "pP".contains(escaped), let letter = rest.first, letter.isASCII, letter.isLetter else {
        continue
      }
      result += "{\(letter)}"
      rest.removeFirst()
    }
    return result
  }
}
