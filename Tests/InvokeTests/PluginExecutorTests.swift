// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI
import CallSupport
import Glibc
import Invoke
import JSON
import OS
import Skel
import TestSupport
import Testing

@Suite struct PluginExecutorTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// What the plugin of this program says of a call, so that it can be told from the program at the same path.
  private struct OwnPlugin: Plugin {
    let name = "own"
    let executor: PluginExecutor

    func add(_ request: Request) throws(CNIError) -> NetworkResult {
      if request.environment["FAIL"] != nil { throw CNIError(.tryAgainLater, "not now", details: "d") }
      return NetworkResult(interfaces: [NetworkResult.Interface(name: request.environment["SAY"] ?? "")])
    }
    func delete(_ request: Request) throws(CNIError) {
      var environment = request.environment
      environment["CNI_COMMAND"] = "VERSION"
      let call = PluginExecutor.Call("own", at: "/proc/self/exe", environment: environment, input: [], timeout: 60)
      let output = (try? executor.execute(call).output) ?? []
      if PluginExecutorTests.isFromPlugin(output) { throw CNIError(.delegateFailed, "called in this process again") }
    }
    func check(_ request: Request) throws(CNIError) {}
    func collectGarbage(_ request: NetworkRequest, sparing valid: Set<AttachmentID>) throws(CNIError) {}
    func status(_ request: NetworkRequest) throws(CNIError) {}
  }

  private func executor() -> PluginExecutor {
    PluginExecutor(ownPlugins: { name, executor in name == "own" ? OwnPlugin(executor: executor) : nil })
  }

  /// A call with a link to this program as its plugin.
  private func call(_ command: String = "ADD", _ changes: [String: String] = [:]) throws -> PluginExecutor.Call {
    let path = "\(folder.path)/own"
    if access(path, F_OK) != 0 { try systemCall("symlink") { symlink("/proc/self/exe", path) } }
    var variables = [
      "CNI_COMMAND": command, "CNI_CONTAINERID": "id", "CNI_IFNAME": "eth0", "CNI_NETNS": "/proc/self/ns/net",
      "CNI_NETNS_OVERRIDE": "1", "SAY": "hello",
    ]
    variables.merge(changes) { _, new in new }
    let config = #"{"cniVersion":"1.0.0","name":"net","type":"own"}"#
    return PluginExecutor.Call(
      "own", at: path, environment: Environment(variables), input: Array(config.utf8), timeout: 60)
  }

  @Test("only a call whose caller has checked CNI_NETNS is not refused in the plugin's own namespace")
  func namespace() throws {
    var call = try call("ADD", ["CNI_NETNS_OVERRIDE": ""])
    #expect(try executor().execute(call).ending == .exit(1))
    call.namespaceIsChecked = true
    #expect(try executor().execute(call).ending == .exit(0))
  }

  @Test("a plugin that this program is answers in this process, with the variables of the call")
  func own() throws {
    let (ending, output) = try executor().execute(call())
    #expect(ending == .exit(0))
    let interfaces = try Field(JSON(parsing: output))["interfaces"].array()
    #expect(try interfaces?.map { try $0["name"].string() } == ["hello"])
  }

  @Test("an error is printed and ends with a status, as a program's is")
  func ownError() throws {
    let (ending, output) = try executor().execute(call("ADD", ["FAIL": "1"]))
    #expect(ending == .exit(1))
    #expect(CNIError(Field(try JSON(parsing: output))) == CNIError(.tryAgainLater, "not now", details: "d"))
  }

  @Test("a program that is not this one is executed, though this program has a plugin of its name")
  func otherProgram() throws {
    try folder.addScript("echo program", named: "own")
    let (ending, output) = try executor().execute(call())
    #expect(ending == .exit(0))
    #expect(output == Array("program\n".utf8))
  }

  @Test("a plugin that this program does not have is executed as a program")
  func unknownPlugin() throws {
    let path = try folder.addScript("echo program", named: "unknown")
    let call = PluginExecutor.Call("unknown", at: path, environment: Environment([:]), input: [], timeout: 60)
    #expect(try executor().execute(call).output == Array("program\n".utf8))
  }

  @Test("with the variable set to 0 nothing is called in this process")
  func switchedOff() throws {
    #expect(Self.isFromPlugin(try executor().execute(call("VERSION")).output))
    let output = try executor().execute(call("VERSION", [PluginExecutor.inProcessVariable: "0"])).output
    #expect(!Self.isFromPlugin(output))
  }

  @Test("a plugin that calls itself is executed as a program, so that the stack cannot overflow")
  func recursion() throws {
    #expect(try executor().execute(call("DEL")).ending == .exit(0))
  }

  /// Whether a plugin has answered VERSION, and not the program of these tests, which without arguments has no test to run.
  private static func isFromPlugin(_ output: [UInt8]) -> Bool {
    guard let json = try? JSON(parsing: output) else { return false }
    return Field(json)["supportedVersions"].isPresent
  }
}
