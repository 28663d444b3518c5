// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import JSON
import TestSupport
import Testing

@Suite("cnitool --in-process", .enabled(if: kernelIsThere, "needs privileges to make network namespaces"))
struct CNIToolInProcessTests {
  private let node: ToolNode
  /// What leads to no plugin, and what would have delegates executed if that mattered.
  private static let environment = ["CNI_PATH": "/nowhere", "SWIFT_CNI_IN_PROCESS": "0"]

  init() throws {
    node = try ToolNode()
    try node.addNetwork(
      "net", ToolNode.bridge(0), ToolNode.tuning, ToolNode.bandwidth, ToolNode.portmap, ToolNode.firewall)
    try node.shell("ip netns add c1")
  }

  private func tool(_ words: String...) throws -> Outcome {
    try node.run([ToolNode.tool] + words + ["--in-process"], environment: Self.environment)
  }

  @Test("each verb succeeds where no plugin is installed, and nothing is left")
  func verbs() throws {
    let calls = [
      ["status", "net"], ["add", "net", "/run/netns/c1"], ["check", "net", "/run/netns/c1"], ["gc", "net"],
      ["check", "net", "/run/netns/c1"], ["del", "net", "/run/netns/c1"],
      ["exec-plugins", "add", "c1", "/run/netns/c1"], ["exec-plugins", "del", "c1", "/run/netns/c1"],
    ]
    for words in calls {
      let outcome = try node.run([ToolNode.tool] + words + ["--in-process"], environment: Self.environment)
      #expect(outcome.status == 0 && outcome.errors.isEmpty, "\(words): \(outcome.errorText)")
    }
    #expect(try node.leftovers(besides: "c1") == "")
  }

  @Test("run's command has its network, and only it is started besides cnitool")
  func run() throws {
    let trace = "\(node.folder.path)/trace"
    let words = [
      "strace", "-f", "-qq", "-e", "trace=execve", "-o", trace, ToolNode.tool, "run", "net", "--in-process", "-p",
      "80:80", "--bandwidth", "10M", "--", "/bin/true",
    ]
    let outcome = try node.run(words, environment: Self.environment)
    #expect(outcome.status == 0, "\(outcome.errorText)")
    let started = try node.shell("cat \(trace)").split(separator: "\n").filter { $0.contains(" = 0") }
    #expect(started.count == 2, "\(started)")
    #expect(try node.leftovers(besides: "c1") == "")
  }

  @Test("what one way attaches the other checks and deletes", arguments: [true, false])
  func ways(addsInProcess: Bool) throws {
    func call(_ verb: String, _ inProcess: Bool) throws -> Outcome {
      let words = [ToolNode.tool, verb, "net", "/run/netns/c1"] + (inProcess ? ["--in-process"] : [])
      return try node.run(words, environment: inProcess ? Self.environment : [:])
    }
    let added = try call("add", addsInProcess)
    #expect(added.status == 0, "\(added.errorText)")
    #expect(try Field(JSON(parsing: added.output))["ips"].array()?.first?["address"].string() == "10.60.0.2/16")
    for verb in ["check", "del"] {
      let outcome = try call(verb, !addsInProcess)
      #expect(outcome.status == 0, "\(verb): \(outcome.errorText)")
    }
    #expect(try node.leftovers(besides: "c1") == "")
  }

  @Test("a plugin that cnitool does not contain is looked for in CNI_PATH, and an error is the plugin's own")
  func errors() throws {
    try node.addNetwork("other", #"{"type": "nosuch"}"#)
    let missing = try tool("add", "other", "/run/netns/c1")
    #expect(missing.status == 1)
    #expect(missing.errorText.contains(#"failed to find plugin "nosuch" in path [/nowhere]"#))
    try node.addNetwork("broken", ToolNode.bridge(1), #"{"type": "tuning", "sysctl": {"net.nosuch": "1"}}"#)
    let refused = try tool("add", "broken", "/run/netns/c1")
    #expect(refused.status == 1)
    #expect(refused.errorText.hasPrefix(#"plugin type="tuning" failed (add): "#))
    #expect(try node.leftovers(besides: "c1") == "")
  }
}
