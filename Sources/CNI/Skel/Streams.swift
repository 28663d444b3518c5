// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import OS

/// A call's environment, stdin, stdout and stderr as values, so that tests and delegation need no process.
package struct Streams {
  package let environment: Environment
  /// Reads stdin to its end, or to the limit in bytes.
  package let readInput: (_ limit: Int) throws(SystemError) -> [UInt8]
  package let writeOutput: ([UInt8]) throws(SystemError) -> Void
  /// Throws if stdout cannot be written to, as far as that is known before writing.
  package let checkOutput: () throws(SystemError) -> Void
  /// The notes of the call so far.
  let notes: Notes

  package init(
    environment: Environment,
    readInput: @escaping (_ limit: Int) throws(SystemError) -> [UInt8],
    writeOutput: @escaping ([UInt8]) throws(SystemError) -> Void,
    checkOutput: @escaping () throws(SystemError) -> Void = {},
    note: @escaping (String) -> Void
  ) {
    self.environment = environment
    self.readInput = readInput
    self.writeOutput = writeOutput
    self.checkOutput = checkOutput
    notes = Notes(note)
  }

  /// Writes a line to stderr; the argument has no line feed.
  package var note: (String) -> Void { notes.add }

  /// The variable's value; nil if empty, because runtimes send empty variables for unset ones.
  subscript(variable: Variable) -> String? {
    environment[variable.rawValue].flatMap { $0.isEmpty ? nil : $0 }
  }
}

/// Writes the notes of a call at once, and keeps them for its log.
final class Notes {
  private(set) var all: [String] = []
  private let write: (String) -> Void

  init(_ write: @escaping (String) -> Void) { self.write = write }

  func add(_ line: String) {
    all.append(line)
    write(line)
  }
}
