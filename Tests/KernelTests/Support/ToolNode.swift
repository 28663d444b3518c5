// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Glibc
import JSON
import OS
import TestSupport
import Testing

/// A node of its own for cnitool: network and mount namespaces in which /run and /var/lib/cni are empty, held by a program, and our plugins.
final class ToolNode {
  let folder: TemporaryFolder
  private let holder: RunningProgram
  private var plugins: String { "\(folder.path)/plugins" }
  private var networks: String { "\(folder.path)/networks" }

  init() throws {
    folder = try TemporaryFolder()
    try folder.addScript(
      """
      set -e
      for place in /run /var/lib /sys/fs/cgroup; do mkdir -p $place; done
      mount -t tmpfs node /run
      mount -t tmpfs node /var/lib
      mount -t sysfs node /sys
      ip link set lo up
      echo >\(folder.path)/ready
      while kill -0 \(getpid()); do sleep 1; done
      """, named: "hold")
    holder = try Program("unshare").start(
      ["--net", "--mount", "--propagation", "private", "--", "\(folder.path)/hold"], environment: Self.environment)
    var patience = 2000
    while !pathExists("\(folder.path)/ready") {
      usleep(5000)
      patience -= 1
      if patience == 0 { throw SystemError("wait for the node", number: ETIMEDOUT) }
    }
    for plugin in try installedProgram("swift-cni").run(["plugins"]).outputText.split(separator: "\n") {
      try makeLink(to: installedProgram("swift-cni").path, named: "plugins/\(plugin)")
    }
  }

  private static let environment = ["PATH": Program.standardPath, "DBUS_SYSTEM_BUS_ADDRESS": "unix:abstract=no-bus"]

  private func makeLink(to target: String, named name: String) throws {
    _ = mkdir(plugins, 0o755)
    try systemCall("link \(name)") { symlink(target, "\(folder.path)/\(name)") }
  }

  /// Adds a network's configuration; its plugins are in JSON.
  func addNetwork(_ name: String, version: String = "1.1.0", file: String? = nil, _ plugins: String...) throws {
    let text = #"{"cniVersion": "\#(version)", "name": "\#(name)", "plugins": [\#(plugins.joined(separator: ", "))]}"#
    try folder.add(text, named: "networks/\(file ?? "\(name).conflist")", mode: "644")
  }

  /// A bridge with host-local, for each network its own.
  static func bridge(_ number: Int, _ rest: String = "") -> String {
    """
    {"type": "bridge", "bridge": "cni\(number)", "isDefaultGateway": true, "ipMasq": true, \(rest)
     "ipam": {"type": "host-local", "ranges": [[{"subnet": "10.\(60 + number).0.0/16"}]]}}
    """
  }
  static let portmap = #"{"type": "portmap", "capabilities": {"portMappings": true}}"#
  static let tuning = #"{"type": "tuning", "sysctl": {"net.core.somaxconn": "500"}, "capabilities": {"mac": true}}"#
  static let bandwidth = #"{"type": "bandwidth", "capabilities": {"bandwidth": true}}"#
  static let firewall = #"{"type": "firewall"}"#

  /// cnitool: that of the environment variable, as for a release build, or else the one beside these tests.
  static let tool: String = {
    if let path = Environment.process["CNITOOL_BINARY"] { return path }
    let plugins = resolvedPath("/proc/self/exe") ?? ""
    return plugins.split(separator: "/").dropLast().map { "/\($0)" }.joined() + "/cnitool"
  }()

  /// Starts a program on the node.
  func start(
    _ words: [String], environment: [String: String] = [:], input: String = ""
  ) throws -> RunningProgram {
    let (prefix, variables) = entering(environment)
    return try Program(prefix[0]).start(
      Array(prefix.dropFirst()) + words, environment: variables, input: Array(input.utf8))
  }

  /// The words and variables with which a program runs on the node.
  func entering(_ environment: [String: String] = [:]) -> (prefix: [String], environment: [String: String]) {
    let variables = Self.environment.merging([
      "CNI_PATH": plugins, "NETCONFPATH": networks, "CNITOOL": Self.tool, "SHELL": "/bin/sh",
    ]) { $1 }.merging(environment) { $1 }
    // Threads of the test program block signals, which programs inherit.
    let words = ["env", "--default-signal", "nsenter", "--target", "\(holder.pid)", "--net", "--mount", "--"]
    return (words, variables)
  }

  func run(_ words: [String], environment: [String: String] = [:], input: String = "") throws -> Outcome {
    try start(words, environment: environment, input: input).wait()
  }

  /// Runs cnitool.
  func tool(_ words: String..., environment: [String: String] = [:], input: String = "") throws -> Outcome {
    try run([Self.tool] + words, environment: environment, input: input)
  }

  /// The output of a shell script, in which `$CNITOOL` is cnitool; throws if it fails.
  @discardableResult
  func shell(_ script: String, environment: [String: String] = [:]) throws -> String {
    let outcome = try run(["/bin/sh", "-ec", script], environment: environment)
    guard outcome.status == 0 else { throw CommandFailure(words: ["sh", script], outcome: outcome) }
    return outcome.outputText
  }

  /// What attachments may have left: names of namespaces, records, cached results, interfaces but bridges and lo, limits, rules with a
  /// container's ID, reserved addresses. Deleted elements of nftables expire within some milliseconds. The namespace `kept` is none.
  func leftovers(besides kept: String = "-") throws -> String {
    var left = ""
    for _ in 0..<100 {
      left = try shell(
        """
        ls /run/netns /run/cnitool 2>/dev/null | grep -vE ':|^\(kept)$' || true
        find /var/lib/cni/results -type f 2>/dev/null || true
        find /var/lib/cni/networks -type f 2>/dev/null | grep -vE '/(lock|last_reserved_ip.*)$' || true
        find /run/cni /run/swift-cni -type f 2>/dev/null || true
        ip -o link show type veth
        ip -o link show type ifb
        nft list ruleset | grep -E 'cnitool-|elements = ' || true
        """
      ).split(separator: "\n").joined(separator: "\n")
      if left.isEmpty { break }
      usleep(5000)
    }
    return left
  }
}
