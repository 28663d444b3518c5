// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI
import CallSupport
import Glibc
import JSON
import OS
import TestSupport
import Testing

@testable import Skel

@Suite struct CallLogTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private var file: String { "\(folder.path)/cni.log" }

  private func config(_ members: String = "") -> String {
    Sample.config(.current, #""log":{"file":"\#(file)"\#(members)}"#, Sample.result)
  }

  private func logged() throws -> [String] {
    let text = String(decoding: try FileDescriptor.open(file).readAll(), as: UTF8.self)
    return text.split(separator: "\n").map(String.init)
  }

  @Test("each call adds a line with its verb, attachment, result and duration")
  func calls() throws {
    let answer = Sample.call(.add, config: config()).answer(RecordingPlugin())
    #expect(answer.status == 0)
    _ = Sample.call(.delete, config: config()).answer(RecordingPlugin())
    let time = #"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"#
    let lines = try logged()
    #expect(lines.count == 2)
    for (line, verb) in zip(lines, ["ADD", "DEL"]) {
      let pattern = try Regex("^\(time) info recording \(verb) net/id/eth0: ok, \\d+\\.\\d ms$")
      #expect(line.contains(pattern), "\(line)")
    }
  }

  @Test("a failure and what was told the operator are logged")
  func failure() throws {
    let failure = CNIError(.tryAgainLater, "not now", details: "more\nof it")
    _ = Sample.call(.add, config: config()).answer(RecordingPlugin(failure: failure))
    #expect(try #require(logged().first).contains(" error recording ADD net/id/eth0: not now (code 11): more of it, "))
    // GC without a list says so.
    _ = Sample.call(.collectGarbage, config: config()).answer(RecordingPlugin())
    let lines = try logged()
    #expect(lines.count == 3)
    #expect(
      lines[1].contains(" warning recording GC net/id/eth0: note recording: GC without cni.dev/valid-attachments"))
  }

  @Test("as JSON each line is an object")
  func json() throws {
    let failure = CNIError(.tryAgainLater, "not now")
    _ = Sample.call(.add, config: config(#","format":"json""#)).answer(RecordingPlugin(failure: failure))
    let object = Field(try JSON(parsing: Array(try #require(logged().first).utf8)))
    #expect(try object["verb"].string() == "ADD")
    #expect(try object["level"].string() == "error")
    #expect(try object["code"].integer(in: 0...999) == 11)
    #expect(try object["msg"].string() == "not now")
    #expect(object["microseconds"].isPresent)
  }

  @Test("at the level debug stdin and stdout are logged, each in a line")
  func debug() throws {
    let answer = Sample.call(.add, config: config(#","level":"debug""#)).answer(RecordingPlugin())
    let lines = try logged()
    #expect(lines.count == 3)
    #expect(lines[0].contains(#": stdin {"cniVersion":"#))
    let output = try #require(lines[1].firstRange(of: ": stdout ")).upperBound
    #expect(try JSON(parsing: Array(lines[1][output...].utf8)) == answer.json)
  }

  @Test("at the level debug a call's changes are logged between stdin and stdout, with the kernel's answers")
  func changes() throws {
    _ = Sample.call(.add, config: config(#","level":"debug""#)).answer { _ in ChangingPlugin() }
    let lines = try logged()
    #expect(lines.count == 5)
    #expect(lines[1].hasSuffix(" debug recording ADD net/id/eth0: change ip link set dev eth0 up: ok"))
    #expect(lines[2].hasSuffix(": change ip link del dev eth1: No such device"))
    #expect(!ChangeTrace.isOn || ChangeTrace.end().isEmpty)
  }

  @Test("a change in JSON has the command and the answer as members")
  func changeInJSON() throws {
    _ = Sample.call(.add, config: config(#","level":"debug","format":"json""#)).answer { _ in ChangingPlugin() }
    let object = Field(try JSON(parsing: Array(try logged()[2].utf8)))
    #expect(try object["change"].string() == "ip link del dev eth1")
    #expect(try object["answer"].string() == "No such device")
  }

  @Test("at the level info no change is recorded")
  func noChanges() throws {
    _ = Sample.call(.add, config: config()).answer { _ in ChangingPlugin() }
    #expect(try logged().count == 1)
  }

  @Test("with the variable alone the log is on stderr, and the call is the same")
  func variable() {
    var call = Sample.call(.add)
    let silent = call.answer(RecordingPlugin())
    call.environment[CallLog.variable] = "info"
    let answer = call.answer(RecordingPlugin())
    #expect(answer.output == silent.output)
    #expect(silent.notes.isEmpty)
    #expect(answer.notes.count == 1)
    #expect(answer.notes.first?.contains(" info recording ADD net/id/eth0: ok, ") == true)
  }

  @Test(
    "a log that cannot be written does not fail the call, and says so on stderr", arguments: ["folder", "pipe", "none"])
  func unwritable(kind: String) throws {
    let file = kind == "none" ? "/nonexistent/cni.log" : file
    if kind == "folder" { try systemCall("mkdir") { mkdir(file, 0o700) } }
    if kind == "pipe" { try systemCall("mkfifo") { mkfifo(file, 0o600) } }
    let config = Sample.config(.current, #""log":{"file":"\#(file)"}"#, Sample.result)
    let answer = Sample.call(.add, config: config).answer(RecordingPlugin())
    #expect(answer.status == 0)
    #expect(answer.notes.count == 1)
    #expect(answer.notes.first?.hasPrefix("log.file: open \(file): ") == true)
  }

  @Test(
    "a log that cannot be meant is an error of ADD with its field, and DEL goes on without a log",
    arguments: [
      (#"{"file":"cni.log"}"#, #"log.file: expected an absolute path, found "cni.log""#),
      (#"{"file":"/x","level":"loud"}"#, #"log.level: expected one of info, debug, found "loud""#),
      (#"{"file":"/x","format":"xml"}"#, #"log.format: expected one of text, json, found "xml""#),
      (#"5"#, "log: expected an object, found 5"),
    ])
  func invalid(value: String, message: String) {
    let config = Sample.config(.current, #""log":\#(value)"#, Sample.result)
    let plugin = RecordingPlugin()
    let answer = Sample.call(.add, config: config).answer(plugin)
    #expect(answer.code == 7)
    #expect(answer.message == message)
    #expect(plugin.calls.isEmpty)
    #expect(Sample.call(.delete, config: config).answer(plugin).status == 0)
    #expect(plugin.calls == [.delete])
  }

  @Test("nothing is logged of a call that does not ask for it", arguments: ["", #""log":null"#, #""log":{}"#])
  func none(member: String) {
    let members = [member, Sample.result].filter { !$0.isEmpty }
    let config = #"{"cniVersion":"1.1.0","name":"net","type":"recording",\#(members.joined(separator: ","))}"#
    #expect(Sample.call(.add, config: config).answer(RecordingPlugin()).notes.isEmpty)
  }
}

/// A plugin whose ADD makes two changes in the kernel, of which the second is refused.
private struct ChangingPlugin: Plugin {
  let name = "recording"

  func add(_ request: Request) throws(CNIError) -> NetworkResult {
    ChangeTrace.tell("ip link set dev eth0 up")
    ChangeTrace.tell("ip link del dev eth1", "No such device")
    return try request.config.previousResult(requiredBy: name)
  }

  func delete(_ request: Request) throws(CNIError) {}
  func check(_ request: Request) throws(CNIError) {}
  func collectGarbage(_ request: NetworkRequest, sparing valid: Set<AttachmentID>) throws(CNIError) {}
  func status(_ request: NetworkRequest) throws(CNIError) {}
}
