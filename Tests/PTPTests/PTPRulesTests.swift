// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CallSupport
import CNI
import Invoke
import OS
import Rules
import Skel
import TestSupport
import Testing

@testable import PTP

/// Masquerading that records what it is asked for, and fails if it is told to.
private final class Recorder: MasqueradeBackends, Masquerader, @unchecked Sendable {
  var calls: [String] = []
  var fails = false

  func masquerader(_ backend: MasqueradeBackend?) throws(CNIError) -> any Masquerader {
    if backend == .iptables { throw CNIError(.unsupportedField, "ipMasqBackend: no iptables here") }
    return self
  }
  func apply(_ request: MasqueradeRequest) throws(CNIError) -> AppliedChange {
    calls.append("apply \(request.sources.map { "\($0)" })")
    if fails { throw CNIError(.kernelRefused, "no masquerading today") }
    return AppliedChange { () throws(CNIError) in self.calls.append("undo") }
  }
  func verify(_ request: MasqueradeRequest) throws(CNIError) -> [String] {
    calls.append("verify \(request.sources.map { "\($0)" })")
    return fails ? ["masquerading is missing"] : []
  }
  func problems(with request: MasqueradeRequest, _ backend: MasqueradeBackend?) throws(CNIError) -> [String] {
    try verify(request)
  }
  func remove(_ hint: MasqueradeHint) throws(CNIError) {
    calls.append("remove \(hint.attachment) \(hint.sources.map { "\($0)" })")
  }
  func removeAll(ofNetwork network: String, sparing valid: Set<AttachmentID>) throws(CNIError) {
    calls.append("removeAll \(network) \(valid.count)")
  }
  func probe() throws(CNIError) { calls.append("probe") }
}

@Suite("ptp's masquerading", .enabled(if: Namespace.obstacle == nil, "needs privileges")) struct PTPRulesTests {
  private let host: Namespace
  private let container: Namespace
  private let plugins: TemporaryFolder
  private let recorder = Recorder()

  init() throws {
    (host, container, plugins) = (try Namespace(), try Namespace(), try TemporaryFolder())
    let result = #"{"cniVersion":"1.0.0","ips":[{"address":"10.30.0.5/24","gateway":"10.30.0.1"}]}"#
    try plugins.addScript("echo $CNI_COMMAND >> \(plugins.path)/calls; echo '\(result)'", named: "ipam")
  }

  private func call(_ verb: String, _ members: String) -> Answer {
    let environment = [
      "CNI_COMMAND": verb, "CNI_CONTAINERID": "c1", "CNI_NETNS": container.path, "CNI_IFNAME": "eth0",
      "CNI_PATH": plugins.path, "PATH": "/usr/bin:/bin",
    ]
    let config = #"{\#(members)"ipam":{"type":"ipam"},"cniVersion":"1.1.0","name":"n","type":"ptp"}"#
    return host.run {
      Call(environment, config).answer {
        PTP(PTPRules(masquerading: recorder), executor: PluginExecutor(), note: $0)
      }
    }
  }

  @Test("ipMasq masquerades the addresses, and DEL, GC, STATUS and CHECK ask for the rules")
  func verbs() throws {
    let result = call("ADD", #""ipMasq":true,"#)
    #expect(result.status == 0)
    let previous = #""prevResult":\#(String(decoding: result.output, as: UTF8.self)),"#
    #expect(call("CHECK", #""ipMasq":true,"# + previous).status == 0)
    recorder.fails = true
    let broken = call("CHECK", #""ipMasq":true,"# + previous)
    #expect(broken.code == 102 && broken.message == "eth0: masquerading is missing")
    #expect(call("STATUS", #""ipMasq":true,"#).status == 0)
    // Whatever the configuration says now.
    #expect(call("DEL", "").status == 0)
    #expect(call("GC", #""cni.dev/valid-attachments":[],"#).status == 0)
    let sources = #"["10.30.0.5/24"]"#
    #expect(
      recorder.calls == [
        "apply \(sources)", "verify \(sources)", "verify \(sources)", "probe", "remove n/c1/eth0 \(sources)",
        "removeAll n 0",
      ])
  }

  @Test("without ipMasq no rule is made")
  func without() throws {
    #expect(call("ADD", #""ipMasqBackend":"iptables","#).status == 0)
    #expect(recorder.calls == [])
  }

  @Test("rules that fail undo the interface and release the address")
  func failure() throws {
    recorder.fails = true
    #expect(call("ADD", #""ipMasq":true,"#).message == "no masquerading today")
    #expect(try !container.command("ip", "link").contains("eth0"))
    #expect(try plugins.read("calls") == "ADD\nDEL\n")
  }

  @Test("a backend that is not there is refused before the IPAM plugin is called")
  func unsupported() throws {
    let answer = call("ADD", #""ipMasq":true,"ipMasqBackend":"iptables","#)
    #expect(answer.code == 2 && answer.message.hasPrefix("ipMasqBackend"))
    #expect(try plugins.read("calls").isEmpty)
  }
}
