// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import OS
import Testing

@testable import CNIRuntime

@Suite struct NetworkRuntimePreparingTests {
  private func failure(_ attachment: Attachment, _ verb: Verb = .add) async throws -> RuntimeError? {
    let setting = try Setting()
    let failure = await runtimeFailure {
      switch verb {
      case .delete: try await setting.runtime.delete(network("a"), attachment)
      case .check: try await setting.runtime.check(network("a"), attachment)
      default: _ = try await setting.runtime.add(network("a"), attachment)
      }
    }
    #expect(failure == nil || setting.plugins.calls.isEmpty)
    #expect(failure == nil || (try? setting.ownFiles().isEmpty) ?? false)
    return failure
  }

  @Test(
    "names that no file and no plugin could have are refused by every verb",
    arguments: [
      ("", "eth0", #"cache file path requires network name ("net"), container ID (""), and interface name ("eth0")"#),
      ("c", "", #"cache file path requires network name ("net"), container ID ("c"), and interface name ("")"#),
      ("../c", "eth0", "invalid characters in containerID"),
      ("c", "a/b", "interface name contains / or : or % or whitespace"),
      ("c", "eth%d", "interface name contains / or : or % or whitespace"),
      ("c", "..", "interface name is . or .."), ("c", "sixteen-letters-", "interface name is too long"),
    ], [Verb.add, .delete, .check])
  func names(row: (id: String, interface: String, message: String), verb: Verb) async throws {
    let attachment = Attachment(containerID: row.id, namespace: "/x", interface: row.interface)
    let failure = try #require(try await failure(attachment, verb))
    #expect(failure.message.hasPrefix(row.message))
    #expect(failure.verb == verb)
  }

  @Test("arguments that would be read as others are refused by ADD, and let through by DEL")
  func arguments() async throws {
    for pair in [
      Attachment.Argument("", "x"), .init("a=b", "x"), .init("a", "x;y"), .init("a;b", "x"), .init("a", "x\0y"),
    ] {
      let attachment = Attachment(containerID: "c", namespace: "/x", arguments: [pair])
      #expect(try await failure(attachment)?.message.hasPrefix("invalid CNI_ARGS pair") == true)
      #expect(try await failure(attachment, .delete) == nil)
    }
  }

  @Test("a path of a namespace that NUL would end is refused", arguments: [Verb.add, .delete, .check])
  func endedPath(verb: Verb) async throws {
    let failure = try await failure(Attachment(containerID: "c", namespace: "/run/netns/a\0b"), verb)
    #expect(failure?.message == "the path of the network namespace has a NUL")
  }

  @Test("a DEL where no such file can be, and none of the cache's folder, succeeds")
  func nothingThere() async throws {
    let setting = try Setting()
    let long = Attachment(containerID: String(repeating: "c", count: 300), namespace: "/x")
    try await setting.runtime.delete(network("a"), long)
    try setting.folder.add("x", named: "cni")
    try await setting.runtime.delete(network("a"), Setting.attachment)
    #expect(setting.plugins.words == ["DEL a", "DEL a"])
  }

  @Test("the programs of an ADD and of a DEL hold the attachment's lock, so that their callers may be killed")
  func lockOfPrograms() async throws {
    let setting = try Setting()
    try await setting.runtime.delete(network("a"), Setting.attachment)
    _ = try await setting.runtime.add(network("a"), Setting.attachment)
    #expect(setting.plugins.calls.map { $0.lock != nil } == [true, true])
    let failing = try Setting(failing("ADD b"))
    _ = await runtimeFailure { try await failing.runtime.add(network("a", "b"), Setting.attachment) }
    #expect(failing.plugins.calls.map { $0.lock != nil } == [true, true, true, true])
  }

  @Test("a call for one attachment waits for another one, and not for that of a second attachment")
  func lock() async throws {
    let gate = Gate { $0.verb == .add && $0.environment["CNI_CONTAINERID"] == "c1" }
    let setting = try Setting(gate.plugins)
    let (runtime, list) = (setting.runtime, try network("a"))
    let add = Task { try await runtime.add(list, Setting.attachment) }
    await gate.reached()
    let delete = Task { try await runtime.delete(list, Setting.attachment) }
    _ = try await runtime.add(list, Attachment(containerID: "c2", namespace: "/x"))
    #expect(setting.plugins.words == ["ADD a", "ADD a"])
    gate.open()
    _ = try await add.value
    try await delete.value
    #expect(setting.plugins.words == ["ADD a", "ADD a", "DEL a"])
    #expect(try setting.files() == ["net-c2-eth0"])
    #expect(try setting.ownFiles() == ["net-c2-eth0"])
  }

  @Test("a call that waits for too long is told, and one that is cancelled meanwhile too")
  func busy() async throws {
    let setting = try Setting()
    let own = try Folder.make("\(setting.results)/.swift-cni")
    let lock = try own.tryLock("net-c1-eth0")
    var options = setting.options
    options.lockTimeout = .milliseconds(20)
    let impatient = NetworkRuntime(options)
    for verb in [Verb.add, .delete] {
      let failure = await runtimeFailure {
        if verb == .add { _ = try await impatient.add(network("a"), Setting.attachment) }
        if verb == .delete { try await impatient.delete(network("a"), Setting.attachment) }
      }
      #expect(failure?.reason == .busy("another call for c1 eth0 in network net did not end within 20 ms"))
    }
    let runtime = setting.runtime
    let task = Task {
      await runtimeFailure {
        try await runtime.delete(network("a"), Setting.attachment)
      }
    }
    task.cancel()
    #expect(await task.value?.reason == .cancelled)
    #expect(setting.plugins.calls.isEmpty)
    withExtendedLifetime(lock) {}
  }
}
