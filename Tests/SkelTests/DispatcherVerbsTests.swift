// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI
import CallSupport
import JSON
import OS
import Testing

@testable import Skel

/// What is particular to single operations, and streams that fail.
@Suite struct DispatcherVerbsTests {
  @Test(
    "VERSION lists the versions, whatever version it is asked in",
    arguments: ["", "{}", #"{"cniVersion":"1.0.0"}"#, #"{"cniVersion":"9.9.9"}"#])
  func version(input: String) throws {
    let answer = Sample.call(.version, config: input).answer(RecordingPlugin())
    #expect(answer.status == 0)
    let versions = #"["0.1.0","0.2.0","0.3.0","0.3.1","0.4.0","1.0.0","1.1.0"]"#
    #expect(answer.json == (try JSON(#"{"cniVersion":"1.1.0","supportedVersions":\#(versions)}"#)))
  }

  @Test("VERSION does not read stdin, which may be a terminal or the lines of a `while read` loop")
  func unreadVersion() throws {
    var isRead = false
    var output: [UInt8] = []
    let streams = Self.streams(
      .version,
      readInput: { (_) throws(SystemError) in
        isRead = true
        throw SystemError("read", number: 9)
      },
      writeOutput: { (bytes) throws(SystemError) in output += bytes })
    #expect(Dispatcher(RecordingPlugin(), streams).run() == 0)
    #expect(!isRead)
    #expect(try Field(JSON(parsing: output))["supportedVersions"].array()?.count == SpecVersion.allCases.count)
  }

  @Test("GC without a list succeeds, says so, and does not ask the plugin")
  func noList() {
    let plugin = RecordingPlugin()
    let answer = Sample.call(.collectGarbage).answer(plugin)
    #expect(answer.status == 0)
    #expect(answer.output.isEmpty)
    #expect(answer.notes == ["recording: GC without cni.dev/valid-attachments: nothing removed"])
    #expect(plugin.calls.isEmpty)
  }

  @Test(
    "GC with null or an empty list spares nothing", arguments: ["cni.dev/valid-attachments", "cni.dev/attachments"],
    ["null", "[]"])
  func emptyList(key: String, list: String) {
    let plugin = RecordingPlugin()
    let answer = Sample.call(.collectGarbage, config: Sample.config(.current, #""\#(key)":\#(list)"#)).answer(plugin)
    #expect(answer.status == 0)
    #expect(plugin.calls == [.collectGarbage])
    #expect(plugin.spared == [])
  }

  @Test("GC with a list spares what it names")
  func list() {
    let plugin = RecordingPlugin()
    _ = Sample.call(.collectGarbage, config: Sample.config(.current, Sample.attachments)).answer(plugin)
    #expect(plugin.spared == [AttachmentID(containerID: "a", interface: "eth0")])
  }

  @Test("GC with a list that cannot be read is code 7, and does not ask the plugin")
  func brokenList() {
    let plugin = RecordingPlugin()
    let config = Sample.config(.current, #""cni.dev/valid-attachments":[{"containerID":"a"}]"#)
    #expect(Sample.call(.collectGarbage, config: config).answer(plugin).code == 7)
    #expect(plugin.calls.isEmpty)
  }

  @Test("arguments are the plugin's to read, whatever they are", arguments: [Verb.add, .check, .delete])
  func arguments(verb: Verb) {
    for text in ["A=1;broken", "=", "LABELS=a=b;c=d;e", ";"] {
      let plugin = RecordingPlugin()
      #expect(Sample.call(verb, [.arguments: text]).answer(plugin).status == 0)
      #expect(plugin.requests.map(\.arguments) == [text])
    }
  }

  private static func streams(
    _ verb: Verb, readInput: @escaping (Int) throws(SystemError) -> [UInt8],
    writeOutput: @escaping ([UInt8]) throws(SystemError) -> Void,
    checkOutput: @escaping () throws(SystemError) -> Void = {}
  ) -> Streams {
    let environment = Sample.call(verb).environment
    return Streams(
      environment: Environment(environment), readInput: readInput, writeOutput: writeOutput, checkOutput: checkOutput,
      note: { _ in })
  }

  @Test("stdin that cannot be read is code 5", arguments: Verb.allCases.filter { $0 != .version })
  func unreadable(verb: Verb) {
    var output: [UInt8] = []
    let streams = Self.streams(
      verb, readInput: { (_) throws(SystemError) in throw SystemError("read", number: 5) },
      writeOutput: { (bytes) throws(SystemError) in output += bytes })
    #expect(Dispatcher(RecordingPlugin(), streams).run() == 1)
    let answer = Answer(status: 1, output: output, notes: [])
    #expect(answer.code == 5)
    #expect(answer.message == "stdin: read: Input/output error")
  }
}
