// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI
import CallSupport
import JSON
import OS
import Testing

@testable import Skel

/// ADDs whose results cannot be told.
@Suite struct DispatcherOutputTests {
  /// Runs an ADD with a stdout of this kind; the error object stands on it if it takes that.
  private func add(
    _ plugin: RecordingPlugin, config: String = Sample.config(.current, Sample.result),
    checkOutput: @escaping () throws(SystemError) -> Void = {},
    writeOutput: @escaping ([UInt8]) throws(SystemError) -> Void
  ) -> (status: Int32, notes: [String]) {
    let call = Sample.call(.add, config: config)
    let notes = Notes()
    let streams = Streams(
      environment: Environment(call.environment), readInput: { (_) throws(SystemError) in call.input },
      writeOutput: writeOutput, checkOutput: checkOutput, note: { notes.lines.append($0) })
    return (Dispatcher(plugin, streams).run(), notes.lines)
  }

  private final class Notes { var lines: [String] = [] }

  private static func full(_: [UInt8]) throws(SystemError) { throw SystemError("write", number: 28) }

  @Test("stdout that is known not to take anything ends an ADD before the plugin is asked")
  func closed() {
    let plugin = RecordingPlugin()
    let (status, notes) = add(
      plugin, checkOutput: { () throws(SystemError) in throw SystemError("write", number: 9) },
      writeOutput: Self.full)
    #expect(status == 1)
    #expect(plugin.calls.isEmpty)
    #expect(notes == ["recording: stdout: write: Bad file descriptor (code 5)"])
  }

  @Test("an ADD whose result cannot be written is undone by a DEL of the same attachment")
  func full() {
    let plugin = RecordingPlugin()
    let (status, notes) = add(plugin, writeOutput: Self.full)
    #expect(status == 1)
    #expect(plugin.calls == [.add, .delete])
    #expect(Set(plugin.requests.map(\.attachment)).count == 1)
    #expect(plugin.requests.map(\.namespace) == ["/proc/self/ns/net", "/proc/self/ns/net"])
    #expect(notes == ["recording: stdout: write: No space left on device (code 5)"])
  }

  /// A result of 1.1.0 whose routes have no form in older versions.
  @Test("what the undoing DEL says stands in the details of the first error")
  func failingUndo() throws {
    let plugin = RecordingPlugin(undoFailure: CNIError(.kernelRefused, "still there"))
    var attempts = 0
    let output = Output()
    let (status, _) = add(plugin) { (bytes) throws(SystemError) in
      attempts += 1
      if attempts == 1 { throw SystemError("write", number: 28) }
      output.bytes += bytes
    }
    let answer = Answer(status: status, output: output.bytes, notes: [])
    #expect(answer.code == 5)
    #expect(answer.message == "stdout: write: No space left on device")
    #expect(answer.details == "and what was done could not be undone: still there")
  }

  private final class Output { var bytes: [UInt8] = [] }
}
