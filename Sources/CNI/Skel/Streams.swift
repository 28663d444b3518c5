// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import OS

/// What a plugin is given and what it prints, as values so that a test can stand in for the process.
package struct Streams {
  package let environment: Environment
  /// Reads stdin to its end, or to the limit in bytes.
  package let readInput: (_ limit: Int) throws(SystemError) -> [UInt8]
  package let writeOutput: ([UInt8]) throws(SystemError) -> Void
  /// Throws if it is known before writing that nothing can be written to stdout.
  package let checkOutput: () throws(SystemError) -> Void
  /// What has been told the operator so far.
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

  /// Tells the operator a line on stderr, without the line feed.
  package var note: (String) -> Void { notes.add }

  /// The variable's value; nil if it is empty, which runtimes send for what is not set.
  subscript(variable: Variable) -> String? {
    environment[variable.rawValue].flatMap { $0.isEmpty ? nil : $0 }
  }
}

/// The notes of a call, which are written at once, and kept for its log.
final class Notes {
  private(set) var all: [String] = []
  private let write: (String) -> Void

  init(_ write: @escaping (String) -> Void) { self.write = write }

  func add(_ line: String) {
    all.append(line)
    write(line)
  }
}
