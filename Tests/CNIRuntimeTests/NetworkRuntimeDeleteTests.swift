// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNIRuntime
import Testing

@Suite struct NetworkRuntimeDeleteTests {
  private func attached(_ plugins: FakePlugins, _ list: NetworkList) async throws -> Setting {
    let setting = try Setting(plugins)
    _ = try await setting.runtime.add(list, Setting.attachment)
    return setting
  }

  @Test("the plugins are called in reverse order, and nothing is left in the cache")
  func success() async throws {
    let list = try network("a", "b", "c")
    let setting = try await attached(FakePlugins(), list)
    try await setting.runtime.delete(list, Setting.attachment)
    #expect(setting.plugins.words.suffix(3) == ["DEL c", "DEL b", "DEL a"])
    #expect(try setting.files().isEmpty && setting.ownFiles().isEmpty)
  }

  @Test("deleting what is not there calls the plugins without a result, and succeeds")
  func nothing() async throws {
    let setting = try Setting()
    try await setting.runtime.delete(network("a"), Setting.attachment)
    #expect(text(setting.plugins.calls[0].input) == #"{"cniVersion":"1.0.0","name":"net","type":"a"}"#)
    #expect(try setting.files().isEmpty && setting.ownFiles().isEmpty)
  }

  @Test("the first error ends it, and the attachment stays in the cache")
  func failure() async throws {
    let list = try network("a", "b", "c")
    let setting = try await attached(failing("DEL b"), list)
    let failure = await runtimeFailure {
      try await setting.runtime.delete(list, Setting.attachment)
    }
    #expect("\(try #require(failure))" == #"plugin type="b" failed (delete): no DEL b"#)
    #expect(setting.plugins.words.suffix(2) == ["DEL c", "DEL b"])
    #expect(try setting.files() == ["net-c1-eth0"])
  }

  @Test("it goes on after errors if it is asked to, and tells them all")
  func goingOn() async throws {
    let list = try network("a", "b", "c")
    let setting = try await attached(failing("DEL c", "DEL a"), list)
    let failure = await runtimeFailure {
      try await setting.runtime.delete(list, Setting.attachment, continuingAfterErrors: true)
    }
    #expect(
      "\(try #require(failure))" == """
        plugin type="c" failed (delete): no DEL c
        plugin type="a" failed (delete): no DEL a
        """)
    #expect(setting.plugins.words.suffix(3) == ["DEL c", "DEL b", "DEL a"])
    #expect(try setting.files() == ["net-c1-eth0"])
  }

  @Test("a plugin that is missing is told")
  func missing() async throws {
    let setting = try Setting(FakePlugins(missing: ["x"]))
    let failure = await runtimeFailure {
      try await setting.runtime.delete(network("x"), Setting.attachment)
    }
    #expect(
      "\(try #require(failure))" == #"plugin type="x" failed (delete): failed to find plugin "x" in path [/bin1 /bin2]"#
    )
  }

  @Test(
    "a file that cannot be read is no result, and is removed",
    arguments: ["", "{", "[]", #"{"kind":"cniCacheV1"}"#, "null"])
  func unreadable(contents: String) async throws {
    let setting = try Setting()
    try setting.put(contents, as: "net-c1-eth0")
    try await setting.runtime.delete(network("a"), Setting.attachment)
    #expect(!text(setting.plugins.calls[0].input).contains("prevResult"))
    #expect(try setting.files().isEmpty)
  }

  @Test(
    "a result is converted to the version that the network has now; below 0.4.0 there is none",
    arguments: [
      ("0.4.0", #","prevResult":{"cniVersion":"0.4.0","ips":[{"version":"4","address":"10.1.2.3/24"}],"dns":{}}"#),
      ("1.1.0", #","prevResult":{"cniVersion":"1.1.0","ips":[{"address":"10.1.2.3/24"}]}"#), ("0.3.1", ""), ("", ""),
      ("9.0.0", ""),
    ])
  func converted(version: String, previous: String) async throws {
    let setting = try Setting()
    let result = #"{"cniVersion":"1.0.0","ips":[{"address":"10.1.2.3/24"}]}"#
    let cached =
      #"{"kind":"cniCacheV1","containerId":"c1","config":"","ifName":"eth0","networkName":"net","result":\#(result)}"#
    // Old versions of libcni wrote the bare result.
    for contents in [cached, result] {
      try setting.put(contents, as: "net-c1-eth0")
      try await setting.runtime.delete(network("a", version: version), Setting.attachment)
      let input = text(try #require(setting.plugins.calls.last).input)
      #expect(input == #"{"cniVersion":"\#(version)","name":"net"\#(previous),"type":"a"}"#)
    }
  }

  @Test("a cache that is no folder is no reason to fail")
  func noCache() async throws {
    let setting = try Setting()
    var options = setting.options
    options.cacheFolder = "/proc/nothing"
    try await NetworkRuntime(options).delete(network("a"), Setting.attachment)
    #expect(setting.plugins.words == ["DEL a"])
  }

  @Test("a cancelled task calls no further plugin")
  func cancelled() async throws {
    let plugins = FakePlugins { call in
      if call.verb == .delete { withUnsafeCurrentTask { $0?.cancel() } }
      return FakePlugins.success(call)
    }
    let list = try network("a", "b")
    let setting = try await attached(plugins, list)
    let runtime = setting.runtime
    let failure = await Task {
      await runtimeFailure {
        try await runtime.delete(list, Setting.attachment, continuingAfterErrors: true)
      }
    }.value
    #expect(failure?.reason == .cancelled)
    #expect(setting.plugins.words.suffix(1) == ["DEL b"])
    #expect(try setting.files() == ["net-c1-eth0"])
  }
}
