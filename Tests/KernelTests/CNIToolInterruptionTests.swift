// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Glibc
import TestSupport
import Testing

@Suite("cnitool interrupted", .enabled(if: kernelIsThere, "needs privileges to make network namespaces"))
struct CNIToolInterruptionTests {
  private let node: ToolNode

  init() throws {
    node = try ToolNode()
    try node.addNetwork(
      "net", ToolNode.bridge(0), ToolNode.tuning, ToolNode.bandwidth, ToolNode.portmap, ToolNode.firewall)
  }

  /// How plugins are called.
  enum Execution: String, CaseIterable {
    case programs, inProcess = "in-process"

    var options: [String] { self == .programs ? [] : ["--in-process"] }

    var words: [String] {
      [ToolNode.tool, "run", "net", "-p", "8080:80", "--bandwidth", "10M", "--dns", "10.60.0.1"] + options
        + ["--", "sleep", "0.01"]
    }
  }

  /// Microseconds that a run takes from its start to its end.
  private func usualTime(_ execution: Execution) throws -> UInt32 {
    let outcome = try node.run(execution.words)
    #expect(outcome.status == 0, "\(outcome.errorText)")
    return UInt32(outcome.nanoseconds / 1000)
  }

  @Test("at any instant, SIGINT and SIGTERM leave nothing of a run", arguments: Execution.allCases)
  func signals(execution: Execution) throws {
    var random = SeededGenerator(1)
    let longest = try usualTime(execution)
    for number in (0..<40).map({ $0.isMultiple(of: 2) ? SIGINT : SIGTERM }) {
      let program = try node.start(execution.words)
      usleep(.random(in: 0...longest, using: &random))
      program.kill(number)
      let outcome = try program.wait()
      // It may have ended before, or not yet have begun to catch signals.
      #expect([nil, 0, 128 + number].contains(outcome.status) && [nil, number].contains(outcome.signal))
      try #require(try node.leftovers() == "")
    }
  }

  @Test("at any instant, SIGKILL leaves of a run only what the next gc removes", arguments: Execution.allCases)
  func kills(execution: Execution) throws {
    var random = SeededGenerator(3)
    let longest = try usualTime(execution)
    for _ in 0..<30 {
      let program = try node.start(execution.words)
      usleep(.random(in: 0...longest, using: &random))
      program.kill()
      _ = try program.wait()
      // A plugin that was running runs to its end; until then nothing may be removed that it is making.
      for _ in 0..<500 {
        let collected = try node.tool("gc")
        #expect(collected.status == 0, "\(collected.errorText)")
        if try node.shell("ls /run/cnitool") == "" { break }
        usleep(10_000)
      }
      try #require(try node.leftovers() == "")
    }
  }

  @Test("gc deletes what a killed run has made whose network has plugins beside its file, by a relative path")
  func pluginsBeside() throws {
    let folder = "\(node.folder.path)/beside"
    try node.shell(
      """
      mkdir -p \(folder)/ppp; cd \(folder)
      echo '{"cniVersion": "1.0.0", "name": "ppp"}' >ppp.conflist
      echo '\(ToolNode.bridge(8).replacing("\n", with: ""))' >ppp/1.conf
      """)
    let command = "cd \(folder) && exec $CNITOOL run ./ppp.conflist -- sh -c 'touch /run/ready; exec sleep 100'"
    let program = try node.start(["/bin/sh", "-c", command])
    try node.shell("for n in $(seq 500); do [ -e /run/ready ] && break; sleep 0.02; done; rm /run/ready")
    program.kill()
    _ = try program.wait()
    try node.shell("for n in $(seq 500); do $CNITOOL gc; [ -z \"$(ls /run/cnitool)\" ] && break; sleep 0.02; done")
    #expect(try node.leftovers() == "")
  }

  @Test("gc deletes what a killed add of a network outside the folder has made")
  func outside() throws {
    try node.folder.addScript(
      "[ \"$CNI_COMMAND\" != ADD ] || { echo $$ >/run/slow; exec sleep 100; }", named: "plugins/slow")
    try node.folder.add(
      #"{"cniVersion": "1.0.0", "name": "out", "plugins": [\#(ToolNode.bridge(8)), {"type": "slow"}]}"#,
      named: "out.conflist", mode: "644")
    try node.shell("ip netns add c1")
    let program = try node.start([ToolNode.tool, "add", "\(node.folder.path)/out.conflist", "/run/netns/c1"])
    try node.shell("for n in $(seq 500); do [ -e /run/slow ] && break; sleep 0.02; done")
    program.kill()
    _ = try program.wait()
    // The plugin holds the attachment's lock until it has ended.
    try node.shell("ip -o link show type veth | grep -q .; $CNITOOL gc; ip -o link show type veth | grep -q .")
    try node.shell("kill $(cat /run/slow); rm /run/slow")
    try node.shell(
      "for n in $(seq 500); do $CNITOOL gc; ip -o link show type veth | grep -q . || break; sleep 0.02; done")
    #expect(try node.leftovers(besides: "c1") == "")
  }

  @Test("at any instant, SIGINT leaves nothing of an add, or all of it", arguments: Execution.allCases)
  func add(execution: Execution) throws {
    var random = SeededGenerator(5)
    let longest = try usualTime(execution) / 2
    try node.shell("ip netns add c1")
    for _ in 0..<20 {
      let program = try node.start([ToolNode.tool, "add", "net", "/run/netns/c1"] + execution.options)
      usleep(.random(in: 0...longest, using: &random))
      program.kill(SIGINT)
      let outcome = try program.wait()
      if outcome.status == 0 { #expect(try node.tool("del", "net", "/run/netns/c1").status == 0) }
      if outcome.status == 130 {
        #expect(outcome.output.isEmpty && outcome.errorText.contains("interrupted by signal 2"))
      }
      #expect([nil, 0, 130].contains(outcome.status) && [nil, SIGINT].contains(outcome.signal))
      try #require(try node.leftovers(besides: "c1") == "")
    }
  }
}
