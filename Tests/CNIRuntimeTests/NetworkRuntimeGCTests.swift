// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNIRuntime
import Testing

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
}
