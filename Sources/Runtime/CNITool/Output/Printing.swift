// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import JSON
import OS

/// Writes lines to stdout.
func printLines(_ lines: [String]) throws(ToolFailure) {
  try printBytes(Array(lines.map { $0 + "\n" }.joined().utf8))
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
func note(_ line: String) { try? writeStandard(.error, Array("\(line)\n".utf8)) }
