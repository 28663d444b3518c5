// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI
import CallSupport
import JSON
import OS
import Testing

@testable import Skel

@Suite struct DispatcherTests {
  @Test("each operation calls the plugin's own method once, and VERSION none", arguments: Verb.allCases)
  func calls(verb: Verb) {
    let plugin = RecordingPlugin()
    let answer = Sample.call(verb, config: Sample.config(.current, Sample.result, Sample.attachments)).answer(plugin)
    #expect(answer.status == 0)
    #expect(plugin.calls == (verb == .version ? [] : [verb]))
    #expect(answer.output.isEmpty == ![.add, .version].contains(verb))
    #expect(answer.notes.isEmpty)
  }

  @Test(
    "what a plugin throws is the error object, in the configuration's version, with status 1",
    arguments: SpecVersion.allCases)
  func failure(version: SpecVersion) throws {
    for verb in Verb.allCases where verb != .version && verb.requirements.since <= version {
      let plugin = RecordingPlugin(failure: CNIError(.tryAgainLater, "busy", details: "more"))
      let config = Sample.config(version, Sample.result, Sample.attachments)
      let answer = Sample.call(verb, config: config).answer(plugin)
      #expect(answer.status == 1)
      let expected = #"{"cniVersion":"\#(version.rawValue)","code":11,"msg":"busy","details":"more"}"#
      #expect(answer.json == (try JSON(expected)))
    }
  }

  @Test("a request has all that the environment says")
  func request() throws {
    let plugin = RecordingPlugin()
    _ = Sample.call(.add).answer(plugin)
    let request = try #require(plugin.requests.first)
    #expect(request.attachment == CNI.Attachment(network: "net", containerID: "id", interface: "eth0"))
    #expect(request.namespace == "/proc/self/ns/net")
    #expect(request.arguments == "A=1;B=2")
    #expect(request.environment["CNI_PATH"] == "/opt/cni/bin:/usr/lib/cni")
    #expect(request.config.name == "net")
  }

  @Test("an operation that is unknown is code 4 and named", arguments: ["add", "ADD ", "UPDATE", "-"])
  func unknown(command: String) {
    let plugin = RecordingPlugin()
    let answer = Sample.call(command, input: Array(Sample.config(.current).utf8)).answer(plugin)
    #expect(answer.status == 1)
    #expect(answer.code == 4)
    #expect(answer.message == "CNI_COMMAND: \"\(command)\" is not one of ADD, DEL, CHECK, GC, STATUS, VERSION")
    #expect(plugin.calls.isEmpty)
  }

  @Test("without an operation the plugin says on stderr what it is and which versions it speaks", arguments: [nil, ""])
  func introduction(command: String?) {
    let plugin = RecordingPlugin()
    let answer = Sample.call(.add, [.command: command]).answer(plugin)
    #expect(answer.status == 0)
    #expect(answer.output.isEmpty)
    let versions = "CNI protocol versions supported: 0.1.0, 0.2.0, 0.3.0, 0.3.1, 0.4.0, 1.0.0, 1.1.0"
    #expect(answer.notes == ["CNI recording plugin v1.9.1+swift-cni.\(Version.program)", versions])
    #expect(plugin.calls.isEmpty)
  }

  private static let verbsWithConfig = Verb.allCases.filter { $0 != .version }

  @Test(
    "stdin that cannot be decoded is code 6", arguments: verbsWithConfig,
    [
      "", "{", "[]", "null", #"{"cniVersion":"1.0.0","name":"net""#,
    ])
  func undecodable(verb: Verb, text: String) {
    let plugin = RecordingPlugin()
    let answer = Sample.call(verb, config: text).answer(plugin)
    #expect(answer.status == 1)
    #expect(answer.code == 6)
    #expect(answer.message.hasPrefix("stdin: "))
    #expect(plugin.calls.isEmpty)
  }

  @Test("nesting of 10,000 levels is code 6", arguments: Verb.allCases.filter { $0 != .version })
  func deep(verb: Verb) {
    let levels = String(repeating: "[", count: 10_000) + String(repeating: "]", count: 10_000)
    undecodable(verb: verb, text: #"{"name":"net","a":\#(levels)}"#)
  }

  @Test("stdin up to the limit is read, and more is code 6")
  func limit() {
    let empty = Sample.config(.current, Sample.result, #""x":"""#)
    func answer(_ count: Int) -> Answer {
      let filling = String(repeating: "x", count: count - empty.utf8.count)
      return Sample.call(.add, config: Sample.config(.current, Sample.result, #""x":"\#(filling)""#)).answer(
        RecordingPlugin())
    }
    #expect(answer(8 << 20).status == 0)
    let larger = answer(8 << 20 + 1)
    #expect(larger.code == 6)
    #expect(larger.message == "stdin: the configuration is larger than 8 MiB")
  }

  @Test("a version that nobody has is code 1, in the newest version", arguments: verbsWithConfig)
  func unknownVersion(verb: Verb) throws {
    let answer = Sample.call(verb, config: #"{"cniVersion":"3.0.0","name":"net"}"#).answer(RecordingPlugin())
    #expect(answer.code == 1)
    #expect(try Field(answer.json)["cniVersion"].string() == SpecVersion.current.rawValue)
  }

  @Test(
    "an operation that the configuration's version does not have is code 1", arguments: Verb.allCases,
    SpecVersion.allCases)
  func tooNew(verb: Verb, version: SpecVersion) throws {
    let plugin = RecordingPlugin()
    let config = Sample.config(version, Sample.result, Sample.attachments)
    let answer = Sample.call(verb, config: config).answer(plugin)
    guard version < verb.requirements.since else {
      #expect(answer.status == 0)
      return
    }
    #expect(answer.code == 1)
    #expect(try Field(answer.json)["cniVersion"].string() == version.rawValue)
    #expect(answer.message.contains("\(version.rawValue) has no \(verb.rawValue)"))
    #expect(plugin.calls.isEmpty)
  }

  @Test(
    "a name that is missing or bad is code 7 with its path, in the configuration's version", arguments: verbsWithConfig,
    ["", #","name":"""#, #","name":null"#, #","name":5"#, #","name":"../x""#])
  func badName(verb: Verb, member: String) throws {
    let plugin = RecordingPlugin()
    let answer = Sample.call(verb, config: #"{"cniVersion":"1.0.0"\#(member)}"#).answer(plugin)
    #expect(answer.code == 7)
    #expect(answer.message.hasPrefix("name: expected "))
    #expect(try Field(answer.json)["cniVersion"].string() == "1.0.0")
    #expect(plugin.calls.isEmpty)
  }

  @Test(
    "the result is printed in the configuration's version, whatever that of the previous one",
    arguments: SpecVersion.allCases)
  func resultVersion(version: SpecVersion) throws {
    let printed = Field(Sample.call(.add, config: Sample.config(version, Sample.result)).answer(RecordingPlugin()).json)
    #expect(try printed["cniVersion"].string() == version.rawValue)
    if version < .v0_3_0 {
      #expect(try printed["ip4"]["ip"].string() == "10.22.0.5/16")
    } else {
      let address = try #require(try printed["ips"].array()?.first)
      #expect(try address["address"].string() == "10.22.0.5/16")
      #expect(try address["version"].string() == (version < .v1_0_0 ? "4" : nil))
    }
  }
}
