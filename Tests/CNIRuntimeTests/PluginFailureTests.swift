// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNIRuntime
import Testing

/// What is made of a plugin's end, in libcni's words.
@Suite struct PluginFailureTests {
  private func failure(_ output: PluginOutput, verb: Verb = .add) async throws -> RuntimeError {
    let setting = try Setting(FakePlugins { call in call.verb == verb ? output : FakePlugins.success(call) })
    let list = try network("bridge", version: "1.1.0")
    let failure = await runtimeFailure {
      switch verb {
      case .add: _ = try await setting.runtime.add(list, Setting.attachment)
      case .delete: try await setting.runtime.delete(list, Setting.attachment)
      case .check: try await setting.runtime.check(list, Setting.attachment)
      case .status: try await setting.runtime.status(list)
      case .collectGarbage: try await setting.runtime.collectGarbage(list, valid: [])
      case .version: _ = try await setting.runtime.version(ofPlugin: "bridge")
      }
    }
    return try #require(failure)
  }

  @Test("an error object is told with code, message and details, the plugin and the verb")
  func object() async throws {
    let failure = try await failure(FakePlugins.failing("no room", code: 999, details: "really"))
    #expect(failure.reason == .refused(code: 999, message: "no room", details: "really"))
    #expect(failure.code == 999)
    #expect(failure.plugin == "bridge")
    #expect(failure.verb == .add)
    #expect("\(failure)" == #"plugin type="bridge" failed (add): no room; really"#)
  }

  @Test(
    "each verb has libcni's beginning",
    arguments: [
      (Verb.add, #"plugin type="bridge" failed (add): no"#), (.delete, #"plugin type="bridge" failed (delete): no"#),
      (.check, #"plugin type="bridge" failed (check): no"#), (.status, "no"),
      (.collectGarbage, "failed to GC plugin bridge: no"), (.version, "no"),
    ])
  func beginnings(verb: Verb, text: String) async throws {
    #expect("\(try await failure(FakePlugins.failing("no"), verb: verb))" == text)
  }

  @Test(
    "a plugin that prints no error object is told by its end, and by what it said",
    arguments: [
      (PluginOutput(.exit(1)), "netplugin failed with no error message: exit status 1"),
      (PluginOutput(.signal(11)), "netplugin failed with no error message: signal 11"),
      (
        PluginOutput(.exit(2), diagnostics: Array("a \"b\"\n".utf8)),
        #"netplugin failed: "a \"b\"\n": exit status 2"#
      ),
      (
        FakePlugins.printing("{}", status: 1),
        #"netplugin failed but error parsing its diagnostic message "{}": it is no error object"#
      ),
    ])
  func noObject(output: PluginOutput, message: String) async throws {
    #expect(try await failure(output).reason == .failed(message))
  }

  @Test("an error object without message, or without code, is one, as in Go")
  func halfObjects() async throws {
    let code = try await failure(FakePlugins.printing(#"{"code":11}"#, status: 1))
    #expect(code.reason == .refused(code: 11, message: "", details: "") && code.code == 11)
    let message = try await failure(FakePlugins.printing(#"{"msg":"m","details":"d"}"#, status: 1))
    #expect(message.reason == .refused(code: 0, message: "m", details: "d"))
  }

  @Test("what is not JSON is told as it is")
  func noJSON() async throws {
    let message = try await failure(FakePlugins.printing("panic: x", status: 2)).message
    #expect(message.hasPrefix(#"netplugin failed but error parsing its diagnostic message "panic: x": "#))
  }

  @Test("a plugin that takes too long is told with the limit")
  func timeout() async throws {
    let failure = try await failure(PluginOutput(.timeout))
    #expect(failure.reason == .timedOut(.seconds(120)))
    #expect(failure.message == "the plugin did not end within 120 s, and was ended")
  }

  @Test(
    "a success with something else than a result is a failure",
    arguments: [
      ("", "the plugin's result is not JSON: no input"),
      ("[]", "the plugin's result: expected an object, found a list"),
      (#"{"cniVersion":"7.0.0"}"#, #"unsupported CNI result version "7.0.0""#),
      (
        #"{"cniVersion":"1.0.0","ips":[{"address":"x"}]}"#,
        "the plugin's result: ips[0].address: expected an address with its prefix length, such as 10.1.2.3/24, found \"x\""
      ),
    ])
  func noResult(output: String, message: String) async throws {
    #expect(try await failure(FakePlugins.printing(output)).reason == .invalidResult(message))
  }

  @Test("a plugin that no folder has is told before any other is called")
  func missing() async throws {
    let setting = try Setting(FakePlugins(missing: ["portmap"]))
    let failure = await runtimeFailure {
      try await setting.runtime.add(network("bridge", "portmap"), Setting.attachment)
    }
    #expect(
      "\(try #require(failure))"
        == #"plugin type="portmap" failed (add): failed to find plugin "portmap" in path [/bin1 /bin2]"#)
    #expect(setting.plugins.calls.isEmpty)
    #expect(try setting.files().isEmpty && setting.ownFiles().isEmpty)
  }

  @Test("a name with a slash is not looked for")
  func slash() async throws {
    let setting = try Setting()
    let failure = await runtimeFailure {
      try await setting.runtime.version(ofPlugin: "../bin/sh")
    }
    #expect(failure?.reason == .notFound("invalid plugin name: ../bin/sh"))
    #expect(setting.plugins.calls.isEmpty)
  }

  @Test("without folders nothing is looked for")
  func noFolders() async throws {
    let failure = await runtimeFailure {
      try await NetworkRuntime(.init(pluginFolders: [])).version(ofPlugin: "a")
    }
    #expect(failure?.reason == .notFound("no paths provided"))
  }
}
