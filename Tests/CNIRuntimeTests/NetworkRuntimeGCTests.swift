// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import OS
import Synchronization
import Testing

@testable import CNIRuntime

@Suite struct NetworkRuntimeGCTests {
  private func setting(_ plugins: FakePlugins) async throws -> Setting {
    let setting = try Setting(plugins)
    for (id, interface, name) in [
      ("c1", "eth0", "net"), ("c1", "eth1", "net"), ("c2", "eth0", "net"), ("c2", "eth0", "other"),
    ] {
      var attachment = Attachment(containerID: id, namespace: "/run/\(id)", interface: interface)
      attachment.arguments = [.init("K8S_POD_NAME", id)]
      attachment.capabilityArguments = try CapabilityArguments(json: #"{"mac":"\#(id)"}"#)
      _ = try await setting.runtime.add(network("a", "b", name: name, version: "1.1.0"), attachment)
    }
    return setting
  }

  private static let capable = #"{"type":"a","capabilities":{"mac":true}}"#

  private func collect(_ setting: Setting, _ list: NetworkList, _ valid: [AttachmentID]) async -> RuntimeError? {
    await runtimeFailure { try await setting.runtime.collectGarbage(list, valid: valid) }
  }

  @Test("what is not valid is deleted with the arguments of its ADD and the configuration of now, then GC is called")
  func stale() async throws {
    let setting = try await setting(FakePlugins())
    let before = setting.plugins.calls.count
    let valid = [AttachmentID(containerID: "c1", interface: "eth1")]
    #expect(await collect(setting, try network(Self.capable, "new", version: "1.1.0"), valid) == nil)
    #expect(setting.plugins.words.dropFirst(before) == ["DEL new", "DEL a", "DEL new", "DEL a", "GC a", "GC new"])
    let deleted = setting.plugins.calls[before + 3]
    #expect(deleted.environment["CNI_CONTAINERID"] == "c2")
    #expect(deleted.environment["CNI_NETNS"] == "/run/c2")
    #expect(deleted.environment["CNI_ARGS"] == "K8S_POD_NAME=c2")
    #expect(text(deleted.input).contains(#""runtimeConfig":{"mac":"c2"}"#))
    #expect(try setting.files() == ["net-c1-eth1", "other-c2-eth0"])
  }

  @Test("what is kept can be decided while no attachment is made or deleted")
  func keeping() async throws {
    let setting = try await setting(FakePlugins())
    let before = setting.plugins.calls.count
    try await setting.runtime.collectGarbage(network("a", version: "1.1.0")) { $0.attachment.containerID == "c2" }
    #expect(setting.plugins.words.dropFirst(before) == ["DEL a", "DEL a", "GC a"])
    #expect(try setting.files() == ["net-c2-eth0", "other-c2-eth0"])
    let valid = #""cni.dev/valid-attachments":[{"containerID":"c2","ifname":"eth0"}]"#
    #expect(text(try #require(setting.plugins.calls.last).input).contains(valid))
  }

  @Test("GC waits for an ADD of the network that is running, and keeps what that has made")
  func waits() async throws {
    let gate = Gate { $0.verb == .add }
    let setting = try Setting(gate.plugins)
    let (runtime, list) = (setting.runtime, try network("a", version: "1.1.0"))
    let adding = Task { try await runtime.add(list, Setting.attachment) }
    await gate.reached()
    let asked = Mutex(false)
    let box = Box(asked)
    let collecting = Task {
      try await runtime.collectGarbage(list) { _ in
        box.value.withLock { $0 = true }
        return true
      }
    }
    // It is asked at once if it does not wait.
    try await Task.sleep(for: .milliseconds(50))
    #expect(!box.value.withLock { $0 })
    // Another network's does not wait.
    try await runtime.collectGarbage(network("a", name: "other", version: "1.1.0"), valid: [])
    gate.open()
    _ = try await adding.value
    try await collecting.value
    #expect(box.value.withLock { $0 })
    #expect(setting.plugins.words == ["ADD a", "GC a", "GC a"])
    #expect(try setting.files() == ["net-c1-eth0"])
    #expect(try setting.ownFiles() == ["net-c1-eth0"], "the network's lock is gone")
  }

  @Test("calls that come while GC waits do not hold it up")
  func precedence() async throws {
    let gate = Gate { $0.environment["CNI_CONTAINERID"] == "c1" }
    let setting = try Setting(gate.plugins)
    let (runtime, list) = (setting.runtime, try network("a", version: "1.1.0"))
    let first = Task { try await runtime.add(list, Setting.attachment) }
    await gate.reached()
    let collecting = Task { try await runtime.collectGarbage(list) { _ in true } }
    let own = try Folder.make("\(setting.results)/.swift-cni")
    while !own.isLocked(NetworkLock.entry.file("net")) { try await Task.sleep(for: .milliseconds(1)) }
    let second = Task { try await runtime.add(list, Attachment(containerID: "c2", namespace: "/x")) }
    try await Task.sleep(for: .milliseconds(50))
    #expect(setting.plugins.words == ["ADD a"])
    gate.open()
    _ = try await (first.value, collecting.value, second.value)
    #expect(setting.plugins.words == ["ADD a", "GC a", "ADD a"])
    #expect(try setting.ownFiles() == ["net-c1-eth0", "net-c2-eth0"])
  }

  @Test("an ADD waits for GC of its network")
  func waitsForGC() async throws {
    let gate = Gate { $0.verb == .collectGarbage }
    let setting = try Setting(gate.plugins)
    let (runtime, list) = (setting.runtime, try network("a", version: "1.1.0"))
    let collecting = Task { try await runtime.collectGarbage(list, valid: []) }
    await gate.reached()
    let adding = Task { try await runtime.add(list, Setting.attachment) }
    try await Task.sleep(for: .milliseconds(50))
    #expect(setting.plugins.words == ["GC a"])
    gate.open()
    try await collecting.value
    _ = try await adding.value
    #expect(setting.plugins.words == ["GC a", "ADD a"])
  }

  @Test("what a plugin is making whose caller was killed is neither deleted nor left out of the valid attachments")
  func orphan() async throws {
    let setting = try Setting()
    let list = try network("a", version: "1.1.0")
    let cache = setting.runtime.cache
    let lock = try #require(try cache.tryLock("net", Setting.attachment.id))
    try cache.begin(list, Setting.attachment)
    try await setting.runtime.collectGarbage(list, valid: [])
    #expect(setting.plugins.words == ["GC a"])
    #expect(text(setting.plugins.calls[0].input).contains(#"[{"containerID":"c1","ifname":"eth0"}]"#))
    lock.unlock()
    try await setting.runtime.collectGarbage(list, valid: [])
    #expect(setting.plugins.words == ["GC a", "DEL a", "GC a"])
  }

  private final class Box: Sendable {
    let value: Mutex<Bool>
    init(_ value: consuming sending Mutex<Bool>) { self.value = value }
  }

  @Test("an empty list means that nothing of the network is valid")
  func all() async throws {
    let setting = try await setting(FakePlugins())
    #expect(await collect(setting, try network("a", version: "1.0.0"), []) == nil)
    #expect(try setting.files() == ["other-c2-eth0"])
    #expect(!setting.plugins.words.contains("GC a"), "1.0.0 has no GC")
  }

  @Test("an attachment of a boot before is deleted without its namespace, whose path leads elsewhere by now")
  func formerBoot() async throws {
    let setting = try await setting(FakePlugins())
    try setting.date("net-c1-eth0", 1000)
    let before = setting.plugins.calls.count
    #expect(await collect(setting, try network("a"), []) == nil)
    let namespaces = setting.plugins.calls.dropFirst(before).map { $0.environment["CNI_NETNS"] }
    #expect(namespaces == ["", "/run/c1", "/run/c2"])
  }

  @Test("nothing happens if the network disables it")
  func disabled() async throws {
    let setting = try await setting(FakePlugins())
    let before = setting.plugins.calls.count
    #expect(await collect(setting, try network("a", version: "1.1.0", members: #","disableGC":"TRUE""#), []) == nil)
    #expect(setting.plugins.calls.count == before)
    #expect(try setting.files().count == 4)
  }

  @Test("it goes on after errors, and tells them all")
  func failures() async throws {
    let setting = try await setting(failing("DEL b", "GC a"))
    let failure = await collect(
      setting, try network("a", "b", version: "1.1.0"), [AttachmentID(containerID: "c1", interface: "eth0")])
    #expect(
      "\(try #require(failure))" == """
        failed to delete stale attachment c1 eth1: plugin type="b" failed (delete): no DEL b
        failed to delete stale attachment c2 eth0: plugin type="b" failed (delete): no DEL b
        failed to GC plugin a: no GC a
        """)
    #expect(setting.plugins.words.suffix(2) == ["GC a", "GC b"])
  }

  @Test("an ADD whose process was killed is found and deleted, unless it is valid or its process lives")
  func interrupted() async throws {
    let setting = try Setting()
    let own = try Folder.make("\(setting.results)/.swift-cni")
    // What is there while an ADD calls its first plugin.
    for id in ["c1", "c2", "c3"] {
      let note = Array(
        #"{"kind":"cniCacheV1","containerId":"\#(id)","config":"","ifName":"eth0","networkName":"net","netns":"/run/x"}"#
          .utf8)
      try own.overwrite("net-\(id)-eth0", with: note)
    }
    let lock = try own.tryLock("net-c3-eth0")
    let cache = setting.runtime.cache
    #expect(try cache.attachments().isEmpty)
    #expect(try cache.interrupted().map(\.attachment.containerID) == ["c1", "c2"])
    #expect(await collect(setting, try network("a"), [AttachmentID(containerID: "c1", interface: "eth0")]) == nil)
    #expect(setting.plugins.words == ["DEL a"])
    #expect(setting.plugins.calls[0].environment["CNI_CONTAINERID"] == "c2")
    #expect(setting.plugins.calls[0].environment["CNI_NETNS"] == "/run/x")
    #expect(try setting.ownFiles() == ["net-c1-eth0", "net-c3-eth0"])
    withExtendedLifetime(lock) {}
  }

  @Test("while plugins are called the attachment is noted, and not afterwards")
  func noted() async throws {
    let notes = Mutex<[String]>([])
    let path = Mutex("")
    let plugins = FakePlugins { call in
      let file = "\(path.withLock { $0 })/.swift-cni/net-c1-eth0"
      let contents = (try? FileDescriptor.open(file).readAll()) ?? []
      notes.withLock { $0.append(text(contents)) }
      return FakePlugins.success(call)
    }
    let setting = try Setting(plugins)
    path.withLock { $0 = setting.results }
    let list = try network("a")
    _ = try await setting.runtime.add(list, Setting.attachment)
    try await setting.runtime.delete(list, Setting.attachment)
    let seen = notes.withLock { $0 }
    #expect(seen[0].hasPrefix(#"{"kind":"cniCacheV1","containerId":"c1","#))
    #expect(!seen[0].contains("result"))
    #expect(!seen[1].contains("kind"))
    #expect(try setting.ownFiles().isEmpty)
  }

  @Test("an ADD that could not be undone stays noted until it is deleted")
  func notUndone() async throws {
    let fails = Mutex(true)
    let plugins = FakePlugins { call in
      fails.withLock { $0 } ? FakePlugins.failing("no") : FakePlugins.success(call)
    }
    let setting = try Setting(plugins)
    let list = try network("a")
    _ = await runtimeFailure { try await setting.runtime.add(list, Setting.attachment) }
    #expect(try setting.runtime.cache.interrupted().map(\.attachment) == [Setting.attachment])
    #expect(await collect(setting, list, []) != nil)
    #expect(try setting.runtime.cache.interrupted().count == 1)
    fails.withLock { $0 = false }
    #expect(await collect(setting, list, []) == nil)
    #expect(try setting.ownFiles().isEmpty)
  }

  @Test("what is kept of attachments that another runtime has deleted is removed")
  func orphans() async throws {
    let setting = try await setting(FakePlugins())
    for name in try setting.files() { try Folder.open(setting.results)?.unlink(name) }
    #expect(try setting.ownFiles().count == 4)
    #expect(await collect(setting, try network("a"), []) == nil)
    #expect(try setting.ownFiles().isEmpty)
  }
}
