// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import OS
import TestSupport
import Testing

@testable import CNIRuntime

/// Executors of users, which wrap this library's. Where one would block another, a plugin waits for ever for what that one has to do.
@Suite struct PluginExecutingTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
    // The file is relative to the plugin's folder.
    try folder.addScript(
      #"""
      if [ "$CNI_COMMAND" = ADD ]; then
        touch "${0%/*}/called"
        while [ ! -e "${0%/*}/served" ]; do sleep 0.02; done
      fi
      echo '{"cniVersion":"1.0.0"}'
      """#, named: "waiting")
    try folder.addScript(#"echo '{"cniVersion":"1.0.0"}'"#, named: "fast")
  }

  private func runtime(_ executor: any PluginExecuting) -> NetworkRuntime {
    NetworkRuntime(.init(pluginFolders: [folder.path], cacheFolder: "\(folder.path)/cni", executor: executor))
  }

  /// Does in a child task what the plugin waits for.
  private struct Serving: PluginExecuting {
    let folder: String

    func find(_ plugin: String, in folders: [String]) -> String? { ProgramExecutor().find(plugin, in: folders) }

    func execute(_ call: PluginCall) async throws(PluginStartError) -> PluginOutput {
      async let served: Void = serve()
      let output = try await ProgramExecutor().execute(call)
      await served
      return output
    }

    private func serve() async { try? Folder.make(folder).overwrite("served", with: []) }
  }

  @Test("the child tasks of one have threads although the operation blocks its own")
  func children() async throws {
    let result = try await runtime(Serving(folder: folder.path)).add(network("waiting"), Setting.attachment)
    #expect(result.cniVersion == "1.0.0")
  }

  @Test("the same where it is the one for plugins that are not of this process")
  func otherwise() async throws {
    let executor = InProcessExecutor(
      InProcessPlugins(names: []) { _, _, _ in nil }, otherwise: Serving(folder: folder.path))
    let result = try await runtime(executor).add(network("waiting"), Setting.attachment)
    #expect(result.cniVersion == "1.0.0")
  }

  /// An actor that calls a runtime, and that the runtime's executor asks.
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
    let engine = Engine()
    let runtime = runtime(Asking(engine: engine))
    let waiting = Task { try await engine.add(runtime, network("waiting"), Setting.attachment) }
    while !pathExists("\(folder.path)/called") { try await Task.sleep(for: .milliseconds(1)) }
    for number in 0..<20 {
      let attachment = Attachment(containerID: "f\(number)", namespace: "/x")
      try await engine.add(runtime, network("fast", name: "other"), attachment)
    }
    try Folder.make(folder.path).overwrite("served", with: [])
    try await waiting.value
    #expect(await engine.asked == 21)
  }
}
