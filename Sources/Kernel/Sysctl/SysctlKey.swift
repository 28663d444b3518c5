// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import OS

/// The name of a kernel parameter, parsed as sysctl(8) does. If the first separator is a dot, dots separate parts and slashes are dots
/// within a part; if it is a slash, slashes separate parts.
package struct SysctlKey: Hashable, Sendable {
  /// The parts of the path below `/proc/sys`.
  package let components: [String]
  /// The same with `IFNAME` in place of the interface's name.
  private let written: [String]

  /// Parses a key in either spelling; `IFNAME` stands for the interface's name, which is one part even if it contains dots. Returns nil
  /// unless the key is below `net` and has no part such as `..`.
  package init?(_ text: String, interface: String) {
    let usesSlashes = text.first { $0 == "." || $0 == "/" } == "/"
    // Only with the interface's name at hand can its dots be distinguished from separators.
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

  /// The spellings with dots that an allowlist may use: with the interface's name, and with `IFNAME`.
  package var spellings: [String] {
    namesInterface ? [text, Self.dotted(written)] : [text]
  }

  /// The same spellings with slashes.
  package var slashedSpellings: [String] {
    namesInterface ? [path, joined(written, by: "/")] : [path]
  }

  /// Whether a part is the interface's name or `IFNAME`.
  package var namesInterface: Bool { written.contains(Self.placeholder) }

  private static func dotted(_ parts: [String]) -> String {
    joined(parts.map { String($0.map { $0 == "." ? "/" : $0 }) }, by: ".")
  }

  private static func isName(_ part: String) -> Bool {
    !part.isEmpty && part != "." && part != ".." && !part.utf8.contains { $0 == UInt8(ascii: "/") || $0 <= 0x20 }
  }

  /// Replaces a word that is delimited by dots or the ends of the text.
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
