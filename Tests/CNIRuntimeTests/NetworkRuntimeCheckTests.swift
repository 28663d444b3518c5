// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNIRuntime
import Testing

@Suite struct NetworkRuntimeCheckTests {
  private func check(_ setting: Setting, _ list: NetworkList) async -> RuntimeError? {
    await runtimeFailure { try await setting.runtime.check(list, Setting.attachment) }
  }

  @Test("the plugins are called in order; the first error ends it")
  func order() async throws {
    let setting = try Setting(failing("CHECK b"))
    let list = try network("a", "b", "c")
    let failure = await check(setting, list)
    #expect(setting.plugins.words == ["CHECK a", "CHECK b"])
    #expect(failure?.plugin == "b")
  }

  @Test(
    "versions without CHECK are refused", arguments: ["0.3.1", "", "x"])
  func old(version: String) async throws {
    let setting = try Setting()
    let failure = await check(setting, try network("a", version: version))
    #expect("\(try #require(failure))" == "configuration version \"\(version)\" does not support the CHECK command")
    #expect(setting.plugins.calls.isEmpty)
  }

  @Test("a network that disables it is not checked, also if the word is a string", arguments: ["true", #""True""#])
  func disabled(value: String) async throws {
    let setting = try Setting(failing("CHECK a"))
    #expect(await check(setting, try network("a", members: #","disableCheck":\#(value)"#)) == nil)
    #expect(setting.plugins.calls.isEmpty)
  }

  @Test("a cached result that cannot be read is told, other than on DEL")
  func unreadable() async throws {
    let setting = try Setting()
    try setting.put("{", as: "net-c1-eth0")
    let failure = await check(setting, try network("a"))
    #expect(try #require(failure).description.hasPrefix(#"failed to get network "net" cached result: line 1"#))
    try setting.put(#"{"cniVersion":"1.0.0"}"#, as: "net-c1-eth0")
    let unknown = await check(setting, try network("a", version: "9.0.0"))
    #expect(
      "\(try #require(unknown))"
        == #"failed to get network "net" cached result: failed to convert cached result to config version "9.0.0""#)
    #expect(setting.plugins.calls.isEmpty)
  }
}
