// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import Glibc
import JSON
import OS
import TestSupport
import Testing

/// A node on which bridge, the program that is installed, is called as a runtime calls it; host-local assigns the addresses.
final class BridgeScene {
  let node: Namespace
  private let folder: TemporaryFolder
  /// The folder with a link to the program for each plugin.
  let ours: String
  /// Where Debian has upstream's plugins.
  static let upstream = "/usr/lib/cni"

  init() throws {
    node = try Namespace()
    folder = try TemporaryFolder()
    ours = "\(folder.path)/plugins"
    try systemCall("mkdir") { mkdir(ours, 0o755) }
    for name in ["bridge", "host-local", "static", "portmap", "firewall"] {
      try systemCall("symlink") { symlink(installedProgram(name).path, "\(ours)/\(name)") }
    }
  }

  /// A container's interface.
  struct Pod {
    let namespace: Namespace
    var id = Container.randomID()
    var ifName = "eth0"

    init() throws { namespace = try Namespace() }
  }

  /// How to call the plugin otherwise than ours in network "net" at version 1.0.0.
  struct Way {
    var plugins: String?
    var version = "1.0.0"
    var network = "net"
    var previous: String?
    /// `.some(nil)` is an empty CNI_NETNS.
    var namespace: String??
    /// What comes before the program, such as strace with its arguments.
    var wrapper: [String] = []
    var environment: [String: String] = [:]
  }

  var dataDir: String { "\(folder.path)/addresses" }

  /// IPv4 and IPv6, each with a default route.
  var dualStack: String {
    """
    "isGateway":true,"ipam":{"type":"host-local","dataDir":"\(dataDir)",\
    "ranges":[[{"subnet":"10.22.0.0/24"}],[{"subnet":"fd00:22::/64"}]],"routes":[{"dst":"0.0.0.0/0"},{"dst":"::/0"}]},
    """
  }

  func start(_ verb: String, _ pod: Pod?, _ members: String, _ way: Way = Way()) throws -> RunningProgram {
    let folder = way.plugins ?? ours
    var variables = [
      "CNI_COMMAND": verb, "CNI_PATH": folder, "PATH": Program.standardPath,
      "DBUS_SYSTEM_BUS_ADDRESS": "unix:abstract=no-bus",
    ]
    if let pod {
      variables["CNI_CONTAINERID"] = pod.id
      variables["CNI_IFNAME"] = pod.ifName
      variables["CNI_NETNS"] = (way.namespace ?? Optional(pod.namespace.path)) ?? ""
    }
    variables.merge(way.environment) { $1 }
    let config = pluginConfig("bridge", way.network, way.version, members, way.previous)
    return try node.run {
      guard let tool = way.wrapper.first else {
        return try Program("\(folder)/bridge").start(environment: variables, input: config)
      }
      return try Program(tool).start(
        way.wrapper.dropFirst() + ["\(folder)/bridge"], environment: variables, input: config)
    }
  }

  func call(_ verb: String, _ pod: Pod?, _ members: String, _ way: Way = Way()) throws -> Outcome {
    try start(verb, pod, members, way).wait()
  }

  /// Calls the plugin, throws what it printed if it fails, and returns its result.
  @discardableResult
  func succeed(_ verb: String, _ pod: Pod?, _ members: String, _ way: Way = Way()) throws -> String {
    let outcome = try call(verb, pod, members, way)
    if outcome.status != 0 { throw CommandFailure(words: ["bridge", verb], outcome: outcome) }
    return outcome.outputText
  }

  /// Calls the plugin, which must fail, and returns its error object.
  func fail(_ verb: String, _ pod: Pod?, _ members: String, _ way: Way = Way()) throws -> (code: Int, message: String) {
    let outcome = try call(verb, pod, members, way)
    #expect(outcome.status == 1)
    return try #require(errorObject(outcome), "\(outcome.ending): \(outcome.outputText)")
  }

  /// The reservations of a network, without the files that are none.
  func reservations(_ network: String = "net") throws -> [String] {
    let outcome = try Program("ls").run(["\(dataDir)/\(network)"])
    return outcome.outputText.split(separator: "\n").map(String.init).filter { IPAddress($0) != nil }
  }

  /// The names of the host's ends of containers' veths.
  func veths() throws -> [String] {
    let text = try node.command("ip", "-j", "link", "show", "type", "veth")
    return try (Field(JSON(parsing: Array(text.utf8))).array() ?? []).compactMap { try $0["ifname"].string() }
      .filter { $0.hasPrefix("veth") }
  }

  /// What the plugin could have left: links, addresses, routes and rules, and reservations.
  func traces(of pod: Pod) throws -> [String] {
    var found = try veths().map { "veth \($0)" } + reservations().map { "reservation \($0)" }
    if try pod.namespace.command("ip", "link").contains("\(pod.ifName)@") { found.append("the container's interface") }
    let rules = try node.command("nft", "list", "ruleset")
    if rules.contains(pod.id.prefix(12)) { found.append("rules") }
    return found
  }

  /// Whether a packet gets there and back within a time, in seconds. ping has no alarm of its own here, as a test's signals are blocked.
  func pings(from namespace: Namespace, to address: String, within seconds: Int = 1) throws -> Bool {
    try namespace.run {
      try Program("timeout").run(["-s", "KILL", "\(seconds)", "busybox", "ping", "-c", "1", address]).status == 0
    }
  }
}
