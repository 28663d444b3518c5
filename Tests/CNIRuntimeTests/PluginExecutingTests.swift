// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNIRuntime
import TestSupport
import Testing

/// Executors of users, which wrap this library's.
@Suite struct PluginExecutingTests {
  /// Gives a plugin up that takes longer than a limit of its own.
  private struct Watchdog: PluginExecuting {
    func find(_ plugin: String, in folders: [String]) -> String? { ProgramExecutor().find(plugin, in: folders) }

    func execute(_ call: PluginCall) async throws(PluginStartError) -> PluginOutput {
      await withTaskGroup(of: PluginOutput?.self) { group in
        group.addTask { try? await ProgramExecutor().execute(call) }
        group.addTask {
          try? await Task.sleep(for: .milliseconds(100))
          return nil
        }
        let first = await group.next() ?? nil
        group.cancelAll()
        return first ?? PluginOutput(.timeout)
      }
    }
  }

  private func runtime(_ executor: any PluginExecuting, _ folder: TemporaryFolder) throws -> NetworkRuntime {
    try folder.addScript(#"[ "$CNI_COMMAND" != ADD ] || sleep 20"#, named: "slow")
    return NetworkRuntime(
      .init(pluginFolders: [folder.path], cacheFolder: "\(folder.path)/cni", executor: executor))
  }

  @Test("the child tasks of one have threads although the operation blocks its own")
  func watchdog() async throws {
    let folder = try TemporaryFolder()
    let runtime = try runtime(Watchdog(), folder)
    let begin = ContinuousClock.now
    let failure = await runtimeFailure { try await runtime.add(network("slow"), Setting.attachment) }
    guard case .timedOut = failure?.reason else {
      Issue.record("expected a time-out, not \(String(describing: failure))")
      return
    }
    #expect(ContinuousClock.now - begin < .seconds(15), "the plugin itself takes 20 seconds")
  }

  @Test("the same where it is the one for plugins that are not of this process")
  func otherwise() async throws {
    let folder = try TemporaryFolder()
    let runtime = try runtime(
      InProcessExecutor(InProcessPlugins(names: []) { _, _, _ in nil }, otherwise: Watchdog()), folder)
    let failure = await runtimeFailure { try await runtime.add(network("slow"), Setting.attachment) }
    guard case .timedOut = failure?.reason else {
      Issue.record("expected a time-out, not \(String(describing: failure))")
      return
    }
  }

  /// An actor that owns a runtime, and is asked by its executor.
  private actor Engine {
    private(set) var asked = 0

    func ask() { asked += 1 }

    func add(_ runtime: NetworkRuntime, _ list: NetworkList, _ attachment: Attachment) async throws {
      _ = try await runtime.add(list, attachment)
    }
  }

  private struct Asking: PluginExecuting {
    let engine: Engine

    func find(_ plugin: String, in folders: [String]) -> String? { ProgramExecutor().find(plugin, in: folders) }

    func execute(_ call: PluginCall) async throws(PluginStartError) -> PluginOutput {
      await engine.ask()
      return try await ProgramExecutor().execute(call)
    }
  }

  @Test("an operation is not held up by another one through an actor that both use")
  func actors() async throws {
    let folder = try TemporaryFolder()
    let engine = Engine()
    let runtime = try runtime(Asking(engine: engine), folder)
    try folder.addScript(#"echo '{"cniVersion":"1.0.0"}'"#, named: "fast")
    let slow = Task { try await engine.add(runtime, network("slow"), Setting.attachment) }
    while await engine.asked == 0 { try await Task.sleep(for: .milliseconds(1)) }
    let begin = ContinuousClock.now
    for number in 0..<20 {
      let attachment = Attachment(containerID: "f\(number)", namespace: "/x")
      try await engine.add(runtime, network("fast", name: "other"), attachment)
    }
    #expect(ContinuousClock.now - begin < .seconds(15), "the other plugin takes 20 seconds")
    slow.cancel()
    await #expect(throws: RuntimeError.self) { try await slow.value }
  }
}
