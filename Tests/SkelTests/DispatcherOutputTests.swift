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
      variable: { call.environment[$0] }, readInput: { (_) throws(SystemError) in call.input },
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
    #expect(Set(plugin.requests.map(\.owner)).count == 1)
    #expect(plugin.requests.map(\.namespace) == ["/proc/self/ns/net", "/proc/self/ns/net"])
    #expect(notes == ["recording: stdout: write: No space left on device (code 5)"])
  }

  /// A result of 1.1.0 whose routes have no form in older versions.
  private static let broken = #""prevResult":{"cniVersion":"1.1.0","ips":[{"address":"10.22.0.5/16"}],"routes":5}"#

  @Test(
    "a result of the plugins before that has no form in the configuration's version ends an ADD before the plugin is asked",
    arguments: [SpecVersion.v0_1_0, .v0_2_0, .v0_3_1, .v1_0_0])
  func unencodable(version: SpecVersion) {
    let plugin = RecordingPlugin()
    let answer = Sample.call(.add, config: Sample.config(version, Self.broken)).answer(plugin)
    #expect(answer.code == 7)
    #expect(answer.message == "prevResult.routes: expected a list, found 5")
    #expect(plugin.calls.isEmpty)
  }

  @Test("a result that the plugin made and that has no form in the configuration's version is undone")
  func unencodableResult() throws {
    let result = #"{"cniVersion":"1.1.0","ips":[{"address":"10.22.0.5/16"}],"routes":[5]}"#
    let plugin = RecordingPlugin(
      result: try NetworkResult(decoding: Field(path: "bridge's result", JSON(result)), implied: .current))
    let answer = Sample.call(.add, config: Sample.config(.v1_0_0)).answer(plugin)
    #expect(answer.code == 7)
    #expect(answer.message == "bridge's result.routes[0]: expected an object, found 5")
    #expect(plugin.calls == [.add, .delete])
  }

  @Test("what the undoing DEL says is told beside the first error")
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
    #expect(answer.message == "stdout: write: No space left on device; still there")
  }

  private final class Output { var bytes: [UInt8] = [] }
}
