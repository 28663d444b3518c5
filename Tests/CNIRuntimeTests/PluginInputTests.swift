// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNIRuntime
import Testing

/// The stdin of plugins, byte for byte as libcni's.
@Suite struct PluginInputTests {
  private static let capable =
    #"{"type":"b","capabilities":{"mac":true,"ips":false},"z":{"y":1,"x":2},"name":"own","a":[]}"#
  private static let result = #"{"cniVersion":"1.0.0","interfaces":[{"name":"a"}]}"#

  private func attachment(_ capabilities: String = "{}") throws -> Attachment {
    var attachment = Setting.attachment
    attachment.capabilityArguments = try CapabilityArguments(json: capabilities)
    return attachment
  }

  @Test("ADD gets name and version of the list, the result before, and the arguments of its capabilities, sorted")
  func add() async throws {
    let setting = try Setting()
    _ = try await setting.runtime.add(
      network("a", Self.capable), attachment(#"{"mac":"m","ips":["1.2.3.4"],"aliases":["x"]}"#))
    let inputs = setting.plugins.calls.map { text($0.input) }
    #expect(
      inputs == [
        #"{"cniVersion":"1.0.0","name":"net","type":"a"}"#,
        #"{"a":[],"capabilities":{"ips":false,"mac":true},"cniVersion":"1.0.0","name":"net","prevResult":{"cniVersion":"1.0.0","interfaces":[{"name":"a"}]},"runtimeConfig":{"mac":"m"},"type":"b","z":{"x":2,"y":1}}"#,
      ])
  }

  @Test("without an argument for a capability there is no runtimeConfig")
  func noArguments() async throws {
    let setting = try Setting()
    _ = try await setting.runtime.add(network(Self.capable), attachment(#"{"aliases":["x"]}"#))
    #expect(!text(setting.plugins.calls[0].input).contains("runtimeConfig"))
  }

  @Test("DEL and CHECK get the result of ADD's last plugin, and capability arguments")
  func deleteAndCheck() async throws {
    let setting = try Setting()
    let (list, attachment) = (try network("a", Self.capable), try attachment(#"{"mac":"m"}"#))
    _ = try await setting.runtime.add(list, attachment)
    try await setting.runtime.check(list, attachment)
    try await setting.runtime.delete(list, attachment)
    let last = #""prevResult":{"cniVersion":"1.0.0","interfaces":[{"name":"b"}]}"#
    let first = #"{"cniVersion":"1.0.0","name":"net",\#(last),"type":"a"}"#
    let second =
      #"{"a":[],"capabilities":{"ips":false,"mac":true},"cniVersion":"1.0.0","name":"net",\#(last),"runtimeConfig":{"mac":"m"},"type":"b","z":{"x":2,"y":1}}"#
    #expect(setting.plugins.words.dropFirst(2) == ["CHECK a", "CHECK b", "DEL b", "DEL a"])
    #expect(setting.plugins.calls.dropFirst(2).map { text($0.input) } == [first, second, second, first])
  }

  @Test("STATUS and GC get neither a result nor capability arguments; GC gets the list under both names")
  func networkWide() async throws {
    let setting = try Setting()
    let list = try network(Self.capable, version: "1.1.0")
    try await setting.runtime.status(list)
    try await setting.runtime.collectGarbage(list, valid: [AttachmentID(containerID: "c", interface: "eth0")])
    try await setting.runtime.collectGarbage(list, valid: [])
    let own = #""a":[],"capabilities":{"ips":false,"mac":true}"#
    let rest = #""cniVersion":"1.1.0","name":"net","type":"b","z":{"x":2,"y":1}"#
    let valid = #"[{"containerID":"c","ifname":"eth0"}]"#
    #expect(
      setting.plugins.calls.map { text($0.input) } == [
        "{\(own),\(rest)}",
        #"{\#(own),"cni.dev/attachments":\#(valid),"cni.dev/valid-attachments":\#(valid),\#(rest)}"#,
        #"{\#(own),"cni.dev/attachments":[],"cni.dev/valid-attachments":[],\#(rest)}"#,
      ])
  }

  @Test("VERSION gets only a version")
  func version() async throws {
    let setting = try Setting()
    _ = try await setting.runtime.version(ofPlugin: "a")
    #expect(text(setting.plugins.calls[0].input) == #"{"cniVersion":"1.1.0"}"#)
  }

  @Test("a list without a version gives an empty one")
  func noVersion() async throws {
    let setting = try Setting()
    let list = try NetworkList(parsing: Array(#"{"name":"n","plugins":[{"type":"a"}]}"#.utf8))
    _ = try await setting.runtime.add(list, Setting.attachment)
    #expect(text(setting.plugins.calls[0].input) == #"{"cniVersion":"","name":"n","type":"a"}"#)
  }

  @Test(
    "the result goes to the next plugin in the version that it was printed in, with what is not known",
    arguments: [
      (
        #"{"cniVersion":"0.4.0","ips":[{"address":"10.1.2.3/24","version":"4","x":{"b":1,"a":2}}],"extra":true,"dns":{}}"#,
        #"{"cniVersion":"0.4.0","ips":[{"version":"4","address":"10.1.2.3/24","x":{"b":1,"a":2}}],"dns":{},"extra":true}"#
      ),
      (
        #"{"cniVersion":"0.2.0","ip4":{"ip":"10.1.2.3/24","gateway":"10.1.2.1"}}"#,
        #"{"cniVersion":"0.2.0","ip4":{"ip":"10.1.2.3/24","gateway":"10.1.2.1"},"dns":{}}"#
      ),
      (#"{"interfaces":[],"dns":{}}"#, #"{"cniVersion":"1.0.0"}"#), ("null", #"{"cniVersion":"1.0.0"}"#),
      ("{}", #"{"cniVersion":"1.0.0"}"#),
    ])
  func chaining(printed: String, passed: String) async throws {
    let setting = try Setting(
      FakePlugins { call in call.plugin == "a" ? FakePlugins.printing(printed) : FakePlugins.success(call) })
    _ = try await setting.runtime.add(network("a", "b"), Setting.attachment)
    #expect(
      text(setting.plugins.calls[1].input) == #"{"cniVersion":"1.0.0","name":"net","prevResult":\#(passed),"type":"b"}"#
    )
  }

  @Test("beside capability arguments a result of an old version is sorted too")
  func sortedPrevious() async throws {
    let setting = try Setting(
      FakePlugins { _ in FakePlugins.printing(#"{"cniVersion":"0.4.0","interfaces":[{"name":"a","mac":"m"}]}"#) })
    _ = try await setting.runtime.add(network("a", Self.capable, version: "0.4.0"), attachment(#"{"mac":"m"}"#))
    let previous = #""prevResult":{"cniVersion":"0.4.0","dns":{},"interfaces":[{"mac":"m","name":"a"}]}"#
    #expect(text(setting.plugins.calls[1].input).contains(previous))
  }
}
