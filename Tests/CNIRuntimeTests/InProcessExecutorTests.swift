// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI
import CNIRuntime
import Invoke
import OS
import Skel
import Synchronization
import TestSupport
import Testing

@Suite struct InProcessExecutorTests {
  /// A plugin that tells its call in its notes, and delegates to what `DELEGATE` names.
  private struct Own: Plugin {
    let name: String
    let executor: PluginExecutor
    let note: (String) -> Void

    func add(_ request: Request) throws(CNIError) -> NetworkResult {
      note("\(name) \(request.attachment.containerID)")
      if let delegate = request.environment["DELEGATE"], delegate != name {
        let other = try Delegate.find(delegate, for: request.environment, timeout: 60, executor: executor)
        do {
          return try other.add(request.config)
        } catch {
          throw error.error
        }
      }
      return NetworkResult(interfaces: [NetworkResult.Interface(name: name)])
    }
    func delete(_ request: Request) throws(CNIError) { throw CNIError(.tryAgainLater, "not now") }
    func check(_ request: Request) throws(CNIError) {}
    func collectGarbage(_ request: NetworkRequest, sparing valid: Set<CNI.AttachmentID>) throws(CNIError) {}
    func status(_ request: NetworkRequest) throws(CNIError) {}
  }

  private let plugins = InProcessPlugins(names: ["one", "two"]) { name, executor, note in
    ["one", "two"].contains(name) ? Own(name: name, executor: executor, note: note) : nil
  }

  private func call(_ plugin: String, _ verb: CNIRuntime.Verb = .add, delegate: String? = nil) -> PluginCall {
    var environment = [
      "CNI_COMMAND": verb.rawValue, "CNI_CONTAINERID": "c", "CNI_IFNAME": "eth0", "CNI_NETNS": "/proc/self/ns/net",
      "CNI_NETNS_OVERRIDE": "1", "CNI_PATH": "/nothing",
    ]
    environment["DELEGATE"] = delegate
    let input = Array(#"{"cniVersion":"1.0.0","name":"net","type":"x"}"#.utf8)
    return PluginCall(
      plugin: plugin, path: plugin, verb: verb, environment: environment, input: input, timeout: .seconds(60))
  }

  @Test("a plugin of this process is found in no folder, and prints what a program would")
  func own() async throws {
    let executor = InProcessExecutor(plugins)
    #expect(executor.find("one", in: []) == "one")
    let output = try await executor.execute(call("one"))
    #expect(output.ending == .exit(0))
    #expect(text(output.output).contains(#""name": "one""#))
    #expect(text(output.diagnostics) == "one c\n")
  }

  @Test("its error is printed, and ends with a status")
  func error() async throws {
    let output = try await InProcessExecutor(plugins).execute(call("one", .delete))
    #expect(output.ending == .exit(1))
    #expect(text(output.output).contains("not now"))
  }

  @Test("what it delegates to is called in this process too")
  func delegation() async throws {
    let output = try await InProcessExecutor(plugins).execute(call("one", delegate: "two"))
    #expect(text(output.output).contains(#""name": "two""#))
    #expect(text(output.diagnostics) == "one c\ntwo c\n")
  }

  @Test("other plugins are found and called by the other executor")
  func other() async throws {
    let fake = FakePlugins(missing: ["three"])
    let executor = InProcessExecutor(plugins, otherwise: fake)
    #expect(executor.find("three", in: ["/bin"]) == nil)
    #expect(executor.find("four", in: ["/bin"]) == "/bin/four")
    _ = try await executor.execute(call("four"))
    #expect(fake.words == ["ADD four"])
  }
}
