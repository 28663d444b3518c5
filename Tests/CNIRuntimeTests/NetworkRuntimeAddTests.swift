// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNIRuntime
import Synchronization
import Testing

@Suite struct NetworkRuntimeAddTests {
  private func add(
    _ setting: Setting, _ plugins: [String] = ["a", "b", "c"], version: String = "1.0.0"
  ) async throws -> RuntimeError? {
    try await add(setting.runtime, list(plugins, version))
  }

  private func add(_ runtime: NetworkRuntime, _ list: NetworkList) async -> RuntimeError? {
    await runtimeFailure { try await runtime.add(list, Setting.attachment) }
  }

  private func list(_ plugins: [String], _ version: String = "1.0.0") throws -> NetworkList {
    let items = plugins.map { #"{"type":"\#($0)"}"# }.joined(separator: ",")
    return try NetworkList(
      parsing: Array(#"{"name":"net","cniVersion":"\#(version)","plugins":[\#(items)]}"#.utf8))
  }

  @Test("the plugins are called in order, and the last one's result is returned and cached")
  func success() async throws {
    let setting = try Setting()
    let result = try await setting.runtime.add(network("a", "b"), Setting.attachment)
    #expect(setting.plugins.words == ["ADD a", "ADD b"])
    #expect(result.interfaces.map(\.name) == ["b"])
    #expect(try setting.files() == ["net-c1-eth0"])
  }

  @Test("a failure is undone from the plugin that failed to the first, and nothing is cached")
  func rollback() async throws {
    let setting = try Setting(failing("ADD b", code: 7))
    let failure = try #require(try await add(setting))
    #expect(failure.code == 7)
    #expect(failure.rollback.isEmpty)
    #expect(setting.plugins.words == ["ADD a", "ADD b", "DEL b", "DEL a"])
    #expect(try setting.files().isEmpty && setting.ownFiles().isEmpty)
    let previous = #""prevResult":{"cniVersion":"1.0.0","interfaces":[{"name":"a"}]}"#
    #expect(setting.plugins.calls.suffix(2).allSatisfy { text($0.input).contains(previous) })
  }

  @Test("below 0.4.0 the plugins that are undone get no result, as libcni gives none")
  func oldRollback() async throws {
    let setting = try Setting(failing("ADD b"))
    _ = try #require(try await add(setting, version: "0.3.1"))
    #expect(setting.plugins.words.suffix(2) == ["DEL b", "DEL a"])
    #expect(!setting.plugins.calls.suffix(2).contains { text($0.input).contains("prevResult") })
  }

  @Test("what cannot be undone is told beside the first error, and the rest is undone")
  func failingRollback() async throws {
    let setting = try Setting(failing("ADD c", "DEL c", "DEL a"))
    let failure = try #require(try await add(setting))
    #expect(setting.plugins.words.suffix(3) == ["DEL c", "DEL b", "DEL a"])
    #expect(failure.rollback.map(\.plugin) == ["c", "a"])
    #expect(
      "\(failure)" == """
        plugin type="c" failed (add): no ADD c
        roll-back: plugin type="c" failed (delete): no DEL c
        roll-back: plugin type="a" failed (delete): no DEL a
        """)
  }

  @Test("a result that cannot be read is undone")
  func badResult() async throws {
    let setting = try Setting(
      FakePlugins { $0.verb == .add && $0.plugin == "b" ? FakePlugins.printing("x") : FakePlugins.success($0) })
    _ = try #require(try await add(setting, ["a", "b"]))
    #expect(setting.plugins.words == ["ADD a", "ADD b", "DEL b", "DEL a"])
  }

  @Test("a second ADD that fails leaves what the first one made, and says so")
  func second() async throws {
    let isSecond = Mutex(false)
    let plugins = FakePlugins { call in
      isSecond.withLock { $0 } && call.verb == .add ? FakePlugins.failing("exists") : FakePlugins.success(call)
    }
    let setting = try Setting(plugins)
    #expect(try await add(setting, ["a"]) == nil)
    isSecond.withLock { $0 = true }
    let failure = try #require(try await add(setting, ["a"]))
    #expect(setting.plugins.words == ["ADD a", "ADD a"])
    #expect(failure.rollback.count == 1)
    #expect("\(failure)".contains("roll-back: left out"))
    #expect(try setting.files() == ["net-c1-eth0"])
  }

  @Test("what was attached before the boot is no reason to leave a failure")
  func afterBoot() async throws {
    let setting = try Setting(failing("ADD a"))
    let old = try Setting()
    _ = try await old.runtime.add(network("a"), Setting.attachment)
    try setting.put(old.contents("net-c1-eth0"), as: "net-c1-eth0")
    try setting.date("net-c1-eth0", 1000)
    _ = try #require(try await add(setting, ["a"]))
    #expect(setting.plugins.words == ["ADD a", "DEL a"])
    #expect(try setting.files().isEmpty)
  }

  @Test("a cache that cannot be written is told before any plugin is called")
  func noCache() async throws {
    let setting = try Setting()
    var options = setting.options
    options.cacheFolder = "/proc/nothing"
    let failure = await runtimeFailure {
      try await NetworkRuntime(options).add(network("a"), Setting.attachment)
    }
    #expect(
      try #require(failure).description.hasPrefix(#"failed to set network "net" cached result: make /proc/nothing"#))
    #expect(setting.plugins.calls.isEmpty)
  }

  @Test("a cancelled task ends the plugin, and what was made is undone though the task is cancelled")
  func cancelled() async throws {
    let (started, start) = AsyncStream<Void>.makeStream()
    let plugins = FakePlugins { call in
      if call.verb != .add || call.plugin != "b" { return FakePlugins.success(call) }
      start.yield()
      while !Task.isCancelled { await Task.yield() }
      return PluginOutput(.cancelled)
    }
    let setting = try Setting(plugins)
    let (runtime, list) = (setting.runtime, try list(["a", "b", "c"]))
    let task = Task { await add(runtime, list) }
    for await _ in started { break }
    task.cancel()
    let failure = try #require(await task.value)
    #expect(failure.reason == .cancelled)
    #expect(failure.plugin == "b")
    #expect(failure.rollback.isEmpty)
    #expect(setting.plugins.words == ["ADD a", "ADD b", "DEL b", "DEL a"])
    #expect(try setting.files().isEmpty && setting.ownFiles().isEmpty)
  }

  @Test("a task that is cancelled after the last plugin has no attachment either")
  func cancelledLate() async throws {
    let plugins = FakePlugins { call in
      if call.verb == .add { withUnsafeCurrentTask { $0?.cancel() } }
      return FakePlugins.success(call)
    }
    let setting = try Setting(plugins)
    let (runtime, list) = (setting.runtime, try list(["a"]))
    let failure = await Task { await add(runtime, list) }.value
    #expect(failure?.reason == .cancelled)
    #expect(setting.plugins.words == ["ADD a", "DEL a"])
    #expect(try setting.files().isEmpty)
  }

  @Test("every call is told, with its outcome and whether it undoes")
  func events() async throws {
    let setting = try Setting(failing("ADD b"))
    let events = Events()
    var options = setting.options
    options.onCall = { events.add($0) }
    _ = await runtimeFailure {
      try await NetworkRuntime(options).add(network("a", "b"), Setting.attachment)
    }
    let words = events.all.map {
      "\($0.verb.rawValue) \($0.plugin) \($0.failure?.code ?? 0) \($0.isRollback) \($0.network) \($0.attachment?.description ?? "")"
    }
    #expect(
      words == [
        "ADD a 0 false net c1 eth0", "ADD b 11 false net c1 eth0", "DEL b 0 true net c1 eth0",
        "DEL a 0 true net c1 eth0",
      ])
    #expect(events.all.allSatisfy { $0.duration >= .zero })
  }

  private final class Events: Sendable {
    private let list = Mutex<[CallEvent]>([])
    var all: [CallEvent] { list.withLock { $0 } }
    func add(_ event: CallEvent) { list.withLock { $0.append(event) } }
  }

  @Test("sixty-four attachments at once are all made and all cached")
  func many() async throws {
    let setting = try Setting()
    let (runtime, list) = (setting.runtime, try network("a", "b"))
    try await withThrowingTaskGroup(of: Void.self) { group in
      for number in 0..<64 {
        group.addTask { _ = try await runtime.add(list, Attachment(containerID: "c\(number)", namespace: "/x")) }
      }
      try await group.waitForAll()
    }
    #expect(try setting.files().count == 64)
    #expect(try runtime.cache.attachments().count == 64)
  }
}
