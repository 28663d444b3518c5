// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import OS

/// The name of a kernel parameter, read as sysctl(8) reads it: the first separator decides. After a dot, slashes stand
/// for dots within a part; after a slash, dots are dots.
package struct SysctlKey: Hashable, Sendable {
  /// The parts of the path below `/proc/sys`.
  package let components: [String]
  /// The same with the word `IFNAME` where it stood.
  private let written: [String]

  /// Reads a key in any spelling; `IFNAME` is the interface's name, which may hold dots and is one part. Nil unless the
  /// key is one below `net`, without a part that leads elsewhere.
  package init?(_ text: String, interface: String) {
    let usesSlashes = text.first { $0 == "." || $0 == "/" } == "/"
    // An interface's name with dots among dots can only be told by knowing it.
    let masked =
      usesSlashes || !interface.contains(".") ? text : Self.replace(interface, in: text, by: Self.placeholder)
    var parts = masked.split(separator: usesSlashes ? "/" : ".", omittingEmptySubsequences: false).map(String.init)
    if !usesSlashes { parts = parts.map { String($0.map { $0 == "/" ? "." : $0 }) } }
    written = parts.map { $0 == interface ? Self.placeholder : $0 }
    components = parts.map { $0 == Self.placeholder ? interface : $0 }
    guard components.count > 1, components[0] == "net", components.allSatisfy(Self.isName) else { return nil }
  }

  private static let placeholder = "IFNAME"

  /// The path below `/proc/sys`.
  package var path: String { joined(components, by: "/") }

  /// The usual spelling: dots, with slashes for dots within a part.
  package var text: String { Self.dotted(components) }

  /// The usual spellings by which somebody may allow this key: with the interface's name, and with the word for it.
  package var spellings: [String] {
    namesInterface ? [text, Self.dotted(written)] : [text]
  }

  /// The same with slashes between the parts, in which dots are dots.
  package var slashedSpellings: [String] {
    namesInterface ? [path, joined(written, by: "/")] : [path]
  }

  /// Whether a part of it is the interface's name, or the word for it.
  package var namesInterface: Bool { written.contains(Self.placeholder) }

  private static func dotted(_ parts: [String]) -> String {
    joined(parts.map { String($0.map { $0 == "." ? "/" : $0 }) }, by: ".")
  }

  private static func isName(_ part: String) -> Bool {
    !part.isEmpty && part != "." && part != ".." && !part.utf8.contains { $0 == UInt8(ascii: "/") || $0 <= 0x20 }
  }

  /// Replaces a word where dots, or the ends, are around it.
  private static func replace(_ word: String, in text: String, by other: String) -> String {
    var parts = text.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
    let wanted = word.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
    var index = 0
    while index + wanted.count <= parts.count {
      if Array(parts[index..<index + wanted.count]) == wanted {
        parts.replaceSubrange(index..<index + wanted.count, with: [other])
      }
      index += 1
    }
    return joined(parts, by: ".")
  }
}
