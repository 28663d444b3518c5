// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Glibc
import OS
import Testing

@testable import CNIRuntime

@Suite struct PluginEnvironmentTests {
  private static let names = [
    "CNI_COMMAND", "CNI_CONTAINERID", "CNI_NETNS", "CNI_ARGS", "CNI_IFNAME", "CNI_PATH",
  ]

  private func values(_ call: PluginCall) -> [String?] { Self.names.map { call.environment[$0] } }

  @Test("an attachment's call has its names, and its arguments in order")
  func attachment() async throws {
    let setting = try Setting()
    var attachment = Attachment(containerID: "c1", namespace: "/run/netns/x", interface: "net1")
    attachment.arguments = [.init("IgnoreUnknown", "1"), .init("K8S_POD_NAME", "p=q")]
    _ = try await setting.runtime.add(network("a"), attachment)
    try await setting.runtime.check(network("a"), attachment)
    attachment.namespace = nil
    attachment.arguments = []
    try await setting.runtime.delete(network("a"), attachment)
    let both = ["c1", "/run/netns/x", "IgnoreUnknown=1;K8S_POD_NAME=p=q", "net1", "/bin1:/bin2"]
    #expect(
      setting.plugins.calls.map(values) == [
        ["ADD"] + both, ["CHECK"] + both, ["DEL", "c1", "", "", "net1", "/bin1:/bin2"],
      ])
    #expect(setting.plugins.calls[0].environment.count == Self.names.count)
    #expect(setting.plugins.calls[0].path == "/bin1/a")
  }

  @Test("STATUS and GC have four empty ones, VERSION dummies")
  func networkWide() async throws {
    let setting = try Setting()
    let list = try network("a", version: "1.1.0")
    try await setting.runtime.status(list)
    try await setting.runtime.collectGarbage(list, valid: [])
    _ = try await setting.runtime.version(ofPlugin: "a")
    #expect(
      setting.plugins.calls.map(values) == [
        ["STATUS", "", "", "", "", "/bin1:/bin2"], ["GC", "", "", "", "", "/bin1:/bin2"],
        ["VERSION", "", "dummy", "", "dummy", "dummy"],
      ])
  }

  @Test("the trace and the caller's variables go along, and do not hide the protocol's")
  func more() async throws {
    let setting = try Setting()
    var options = setting.options
    options.environment = ["XTABLES_LOCKFILE": "/x", "CNI_COMMAND": "DEL"]
    options.traceContext = TraceContext(parent: "00-1-2-01", state: "a=b", baggage: "k=v")
    _ = try await NetworkRuntime(options).add(network("a"), Setting.attachment)
    let environment = setting.plugins.calls[0].environment
    #expect(environment["XTABLES_LOCKFILE"] == "/x")
    #expect(environment["CNI_COMMAND"] == "ADD")
    #expect(environment["TRACEPARENT"] == "00-1-2-01")
    #expect(environment["TRACESTATE"] == "a=b")
    #expect(environment["BAGGAGE"] == "k=v")
  }

  @Test("a trace without state leaves the other variables out")
  func parentOnly() async throws {
    let setting = try Setting()
    var options = setting.options
    options.traceContext = TraceContext(parent: "00-1-2-01")
    _ = try await NetworkRuntime(options).version(ofPlugin: "a")
    #expect(setting.plugins.calls[0].environment["TRACEPARENT"] == "00-1-2-01")
    #expect(setting.plugins.calls[0].environment["TRACESTATE"] == nil)
  }

  @Test("state and baggage of this process's trace are not passed on with another trace's parent")
  func otherTrace() {
    var call = PluginCall(plugin: "a", path: "/a", verb: .add, environment: [:], input: [], timeout: .seconds(1))
    #expect(call.wholeEnvironment["PATH"] != nil)
    setenv("TRACESTATE", "old=1", 1)
    defer { unsetenv("TRACESTATE") }
    #expect(call.wholeEnvironment["TRACESTATE"] == "old=1")
    call.environment = ["TRACEPARENT": "00-1-2-01"]
    #expect(call.wholeEnvironment["TRACESTATE"] == nil)
    call.environment["TRACESTATE"] = "new=1"
    #expect(call.wholeEnvironment["TRACESTATE"] == "new=1")
  }
}
