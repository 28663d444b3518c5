// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import JSON
import OS

/// Writes lines to stdout.
func printLines(_ lines: [String]) throws(ToolFailure) {
  try printBytes(Array(lines.map { visible($0, except: "\n\t") + "\n" }.joined().utf8))
}

/// A text for a terminal, which could take what files and plugins have in their names for commands: control characters, all but `allowed`, as
/// `\xNN`.
func visible(_ text: String, except allowed: String = "") -> String {
  var shown = String.UnicodeScalarView()
  for scalar in text.unicodeScalars {
    if scalar.value < 0x20 || (0x7f...0x9f).contains(scalar.value), !allowed.unicodeScalars.contains(scalar) {
      let digits = String(scalar.value, radix: 16)
      shown += "\\x\(digits.utf8.count == 1 ? "0" : "")\(digits)".unicodeScalars
    } else {
      shown.append(scalar)
    }
  }
  return String(shown)
}

/// Writes a JSON value to stdout.
func printJSON(_ value: JSON) throws(ToolFailure) { try printBytes(value.text) }

/// Writes bytes to stdout.
func printBytes(_ bytes: [UInt8]) throws(ToolFailure) {
  do throws(SystemError) {
    try writeStandard(.output, bytes)
  } catch {
    throw ToolFailure("stdout: \(error)", code: .inputOutput)
  }
}

/// Writes a line to stderr; nobody can be told if that fails.
func note(_ line: String) { try? writeStandard(.error, Array("\(visible(line, except: "\n\t"))\n".utf8)) }
