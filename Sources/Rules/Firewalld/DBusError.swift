// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

/// The failure of a call over the bus.
package enum DBusError: Error, Equatable, CustomStringConvertible {
  /// No bus listens at the address.
  case noBus(action: String, reason: String)
  /// The kernel or the bus denies this process access.
  case refused(action: String, reason: String)
  case timedOut(action: String)
  /// The other end violated the D-Bus protocol or closed the connection, or the request cannot be encoded in D-Bus.
  case violation(action: String, reason: String)
  /// An error that the bus or the called program returned, with its D-Bus name; the text may have many lines.
  case remote(action: String, name: String, text: String)

  /// One line: what was being done, to what, and why it failed.
  package var description: String {
    let line =
      switch self {
      case .noBus(let action, let reason), .refused(let action, let reason), .violation(let action, let reason):
        "\(action): \(reason)"
      case .timedOut(let action): "\(action): no answer in time"
      case .remote(let action, let name, let text): "\(action): \(text.isEmpty ? name : Self.firstLine(text))"
      }
    return Self.printable(line)
  }

  /// firewalld appends the whole ruleset to the text of an error about one rule.
  private static func firstLine(_ text: String) -> String { String(text.prefix { !$0.isNewline }.prefix(500)) }

  private static func printable(_ text: String) -> String {
    var line = ""
    line.unicodeScalars.append(contentsOf: text.unicodeScalars.map { $0.value < 32 ? " " : $0 })
    return line
  }
}
