// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

/// A shell command under construction, quoted so that it can be copied.
package struct ShellCommand: Sendable {
  package private(set) var text: String

  /// Begins with words that need no quoting.
  package init(_ words: String) { text = words }

  /// Adds a word, and quotes it if the shell would split or change it.
  package mutating func add(_ word: String) {
    let isPlain = !word.isEmpty && word.utf8.allSatisfy { Self.isPlain($0) }
    if isPlain { return text += " \(word)" }
    let parts = word.split(separator: "'", omittingEmptySubsequences: false).map(String.init)
    text += " '\(joined(parts, by: #"'\''"#))'"
  }

  /// Adds words that need no quoting.
  package mutating func add(words: String) { text += " \(words)" }

  /// Adds an option and its value; adds nothing if the value is nil.
  package mutating func add<Value: CustomStringConvertible>(_ option: String, _ value: Value?) {
    guard let value else { return }
    add(option)
    add(value.description)
  }

  /// Adds an option with the value `on` or `off`; adds nothing if it is nil.
  package mutating func add(_ option: String, on isOn: Bool?) { add(option, isOn.map { $0 ? "on" : "off" }) }

  private static func isPlain(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x30...0x39, 0x41...0x5a, 0x61...0x7a: true
    default: "-_./:@%+=,".utf8.contains(byte)
    }
  }
}
