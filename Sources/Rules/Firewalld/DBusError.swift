// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

/// Why a call over the bus had no result.
package enum DBusError: Error, Equatable, CustomStringConvertible {
  /// Nobody listens at the bus's address.
  case noBus(action: String, reason: String)
  /// The system or the bus does not let this process in.
  case refused(action: String, reason: String)
  case timedOut(action: String)
  /// What the other end said is no D-Bus, or it went away, or what was to be said cannot be said in D-Bus.
  case violation(action: String, reason: String)
  /// An error that the bus or the called program answered, as they name it; the text may have many lines.
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

  /// firewalld appends all rules that it tried to a text about one of them.
  private static func firstLine(_ text: String) -> String { String(text.prefix { !$0.isNewline }.prefix(500)) }

  private static func printable(_ text: String) -> String {
    var line = ""
    line.unicodeScalars.append(contentsOf: text.unicodeScalars.map { $0.value < 32 ? " " : $0 })
    return line
  }
}
