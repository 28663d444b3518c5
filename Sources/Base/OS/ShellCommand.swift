// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

/// Words in the order in which a shell reads them, for a command that a person may copy.
package struct ShellCommand: Sendable {
  package private(set) var text: String

  /// Begins with words that need no quotation marks.
  package init(_ words: String) { text = words }

  /// Adds a word, in quotation marks where the shell would split or change it.
  package mutating func add(_ word: String) {
    let isPlain = !word.isEmpty && word.utf8.allSatisfy { Self.isPlain($0) }
    if isPlain { return text += " \(word)" }
    let parts = word.split(separator: "'", omittingEmptySubsequences: false).map(String.init)
    text += " '\(joined(parts, by: #"'\''"#))'"
  }

  /// Adds words that need no quotation marks.
  package mutating func add(words: String) { text += " \(words)" }

  /// Adds an option and its value, or nothing if there is none.
  package mutating func add<Value: CustomStringConvertible>(_ option: String, _ value: Value?) {
    guard let value else { return }
    add(option)
    add(value.description)
  }

  /// Adds an option that is `on` or `off`, or nothing.
  package mutating func add(_ option: String, on isOn: Bool?) { add(option, isOn.map { $0 ? "on" : "off" }) }

  private static func isPlain(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x30...0x39, 0x41...0x5a, 0x61...0x7a: true
    default: "-_./:@%+=,".utf8.contains(byte)
    }
  }
}
