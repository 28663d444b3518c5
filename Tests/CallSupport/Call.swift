// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import JSON
import OS
import Skel

/// A runtime's call of a plugin, without a process.
package struct Call {
  package var environment: [String: String]
  package var input: [UInt8]

  package init(_ environment: [String: String], input: [UInt8]) {
    self.environment = environment
    self.input = input
  }

  package init(_ environment: [String: String], _ input: String) {
    self.init(environment, input: Array(input.utf8))
  }

  /// Calls the plugin that `plugin` makes; `note` collects its notes.
  package func answer(_ plugin: (_ note: @escaping (String) -> Void) -> any Plugin) -> Answer {
    let record = Record()
    let note: (String) -> Void = { record.notes.append($0) }
    let streams = Streams(
      environment: Environment(environment),
      readInput: { (limit) throws(SystemError) in Array(input.prefix(limit)) },
      writeOutput: { (bytes) throws(SystemError) in record.output += bytes },
      note: note)
    let status = Dispatcher(plugin(note), streams).run()
    return Answer(status: status, output: record.output, notes: record.notes)
  }

  private final class Record {
    var output: [UInt8] = []
    var notes: [String] = []
  }
}

/// The outcome of a call.
package struct Answer: Sendable {
  package let status: Int32
  /// The bytes of stdout.
  package let output: [UInt8]
  /// The lines on stderr.
  package let notes: [String]

  package init(status: Int32, output: [UInt8], notes: [String]) {
    self.status = status
    self.output = output
    self.notes = notes
  }

  /// The JSON value on stdout; nil if there is none.
  package var json: JSON? { try? JSON(parsing: output) }

  /// The code of the error object; nil if there is none.
  package var code: Int? { try? Field(json)["code"].integer(in: 1...999) }

  /// The message of the error object; empty if there is none.
  package var message: String { text("msg") }

  /// The details of the error object; empty if there are none.
  package var details: String { text("details") }

  private func text(_ name: String) -> String { ((try? Field(json)[name].string()) ?? nil) ?? "" }
}
