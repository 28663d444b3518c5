// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CallSupport
import Glibc
import JSON
import OS
import TestSupport
import Testing

/// A node, on a network with another host, on which a plugin that makes an interface is called as a runtime calls it.
final class LinkScene {
  typealias Pod = BridgeScene.Pod
  typealias Way = BridgeScene.Way

  let plugin: String
  let node: Namespace
  /// The other host of the node's network.
  let lan: Namespace
  private let folder: TemporaryFolder
  /// The folder with a link to the program for each plugin.
  let ours: String

  /// The node's interface is up0, the other host's lan0.
  init(_ plugin: String) throws {
    self.plugin = plugin
    (node, lan) = (try Namespace(), try Namespace())
    folder = try TemporaryFolder()
    ours = "\(folder.path)/plugins"
    try systemCall("mkdir") { mkdir(ours, 0o755) }
    for name in [plugin, "host-local", "static"] {
      try systemCall("symlink") { symlink(installedProgram(name).path, "\(ours)/\(name)") }
    }
    try node.ip(
      "link add up0 address 02:00:00:00:00:01 type veth peer name lan0 address 02:00:00:00:00:02 netns \(lan.path)")
    try node.set("net/ipv6/conf/up0/accept_dad", to: "0")
    try lan.set("net/ipv6/conf/lan0/accept_dad", to: "0")
    try node.ip("link set up0 up\naddr add 10.40.0.2/24 dev up0\naddr add fd00:40::2/64 dev up0 nodad")
    try lan.ip("link set lan0 up\naddr add 10.40.0.1/24 dev lan0\naddr add fd00:40::1/64 dev lan0 nodad")
    try node.ip("route add default via 10.40.0.1")
  }

  var dataDir: String { "\(folder.path)/addresses" }

  /// An `ipam` of host-local that assigns 10.40.0.5 only.
  func oneAddress(_ more: String = "") -> String {
    let range = #"{"subnet":"10.40.0.0/24","rangeStart":"10.40.0.5","rangeEnd":"10.40.0.5"}"#
    return #""ipam":{"type":"host-local","dataDir":"\#(dataDir)","ranges":[[\#(range)]]\#(more)},"#
  }

  /// Addresses from 10.40.0.5 and fd00:40::5 on, each with a default route.
  var dualStack: String {
    """
    "ipam":{"type":"host-local","dataDir":"\(dataDir)","ranges":[[{"subnet":"10.40.0.0/24","rangeStart":"10.40.0.5"}],    [{"subnet":"fd00:40::/64","rangeStart":"fd00:40::5"}]],"routes":[{"dst":"0.0.0.0/0"},{"dst":"::/0"}]},
    """
  }

  func start(_ verb: String, _ pod: Pod?, _ members: String, _ way: Way = Way()) throws -> RunningProgram {
    let folder = way.plugins ?? ours
    var variables = ["CNI_COMMAND": verb, "CNI_PATH": folder, "PATH": Program.standardPath]
    if let pod {
      variables["CNI_CONTAINERID"] = pod.id
      variables["CNI_IFNAME"] = pod.ifName
      variables["CNI_NETNS"] = (way.namespace ?? Optional(pod.namespace.path)) ?? ""
    }
    variables.merge(way.environment) { $1 }
    let config = pluginConfig(plugin, way.network, way.version, members, way.previous)
    let words = way.wrapper + ["\(folder)/\(plugin)"]
    return try node.run {
      try Program(words[0]).start(Array(words.dropFirst()), environment: variables, input: config)
    }
  }

  func call(_ verb: String, _ pod: Pod?, _ members: String, _ way: Way = Way()) throws -> Outcome {
    try start(verb, pod, members, way).wait()
  }

  /// Calls the plugin, throws what it printed if it fails, and returns its result.
  @discardableResult
  func succeed(_ verb: String, _ pod: Pod?, _ members: String, _ way: Way = Way()) throws -> String {
    let outcome = try call(verb, pod, members, way)
    if outcome.status != 0 { throw CommandFailure(words: [plugin, verb], outcome: outcome) }
    return outcome.outputText
  }

  /// Calls the plugin, which must fail, and returns its error object.
  func fail(_ verb: String, _ pod: Pod?, _ members: String, _ way: Way = Way()) throws -> (code: Int, message: String) {
    let outcome = try call(verb, pod, members, way)
    #expect(outcome.status == 1)
    return try #require(errorObject(outcome), "\(outcome.ending): \(outcome.outputText)")
  }

  /// A way that gives the plugin the result of ADD.
  func after(_ result: String, version: String = "1.0.0") -> Way { Way(version: version, previous: result) }

  /// The addresses that are reserved in network "net".
  func reservations() throws -> [String] {
    let outcome = try Program("ls").run(["\(dataDir)/net"])
    return outcome.outputText.split(separator: "\n").map(String.init).filter { IPAddress($0) != nil }
  }

  /// The interfaces of a namespace but `lo`, each a line of ip with its details.
  func links(_ namespace: Namespace) throws -> [String] {
    try namespace.command("ip", "-o", "-d", "link").split(separator: "\n").map(String.init)
      .filter { !$0.contains(" lo: ") && !$0.contains(" ifb") }
  }

  /// Everything that the plugin could have left in the container, on the node and in the IPAM plugin's files.
  func traces(of pod: Pod) throws -> [String] {
    let there = try links(pod.namespace)
    let here = try links(node).filter { !$0.contains(" up0@") }
    return try there + here + reservations()
  }

  /// What is left of ADDs in which one system call fails, the first in the first ADD and so on, each with its number. `fault` is as strace
  /// injects it. An ADD that succeeds all the same is deleted.
  func leftovers(after fault: String, _ members: String) throws -> [String] {
    let call = fault.prefix { $0 != ":" }
    return try (1...30).flatMap { number in
      let pod = try Pod()
      let strace = ["strace", "-f", "-qq", "-e", "trace=\(call)", "-e", "inject=\(fault):when=\(number)"]
      let outcome = try self.call("ADD", pod, members, Way(wrapper: strace))
      if outcome.status == 0 { try succeed("DEL", pod, members) }
      return try traces(of: pod).map { "\(number): \($0)" }
    }
  }

  /// Whether a packet gets there and back within a second. The tests' threads may block the signal by which ping ends.
  func pings(from namespace: Namespace, to address: String) throws -> Bool {
    let words = ["-s", "KILL", "2", "busybox", "ping", "-c", "1", "-W", "1", address]
    return try namespace.run {
      try Program("timeout").run(words, environment: ["PATH": Program.standardPath]).status == 0
    }
  }

  /// The result of an ADD with the names that are random replaced by their places.
  func comparable(_ result: String, _ pod: Pod) throws -> JSON {
    var text = replacing(pod.namespace.path, in: result, by: "SANDBOX")
    for (index, interface) in (try Field(JSON(parsing: Array(result.utf8)))["interfaces"].array() ?? []).enumerated() {
      if let mac = try interface["mac"].string() { text = replacing(mac, in: text, by: "MAC\(index)") }
      if let name = try interface["name"].string(), name.hasPrefix("veth") {
        text = replacing(name, in: text, by: "VETH")
      }
    }
    return try JSON(parsing: Array(text.utf8)).canonicalResult
  }

  private func replacing(_ word: String, in text: String, by other: String) -> String {
    text.split(separator: "\"", omittingEmptySubsequences: false).map { $0 == word ? other[...] : $0 }
      .joined(separator: "\"")
  }
}
