// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import JSON
import TestSupport
import Testing

/// One interface of a pod, as a runtime names it; the plugins make it.
struct Pod: Sendable {
  let namespace: Namespace
  let id = Container.randomID()
  var ifName = "eth0"

  init() throws {
    namespace = try Namespace()
    try FlannelNode.prepare(namespace)
  }
}

/// A network of flannel on a node, where the installed plugin flannel is called as a runtime calls it.
struct FlannelNetwork {
  let node: FlannelNode
  var name = "cbr0"
  /// A command that the program is run by, such as strace with its arguments.
  var wrapper: [String] = []
  var version = "1.0.0"
  var subnetFile: String
  /// The delegate's configuration; nil for none.
  var delegate: String? = #"{"bridge":"cni0","hairpinMode":true,"isDefaultGateway":true}"#
  /// More members of `ipam`, each with a comma before it.
  var ipam = ""

  init(on node: FlannelNode) {
    self.node = node
    subnetFile = node.subnetFile
  }

  /// Calls flannel and returns the outcome. `members` are added to the configuration, each with a comma at its end; `previous` is
  /// the result of the former plugins, or of the ADD.
  func call(
    _ verb: String, _ pod: Pod? = nil, members: String = "", previous: String? = nil,
    environment: [String: String] = [:]
  ) throws -> Outcome {
    try start(verb, pod, members: members, previous: previous, environment: environment).wait()
  }

  func start(
    _ verb: String, _ pod: Pod? = nil, members: String = "", previous: String? = nil,
    environment: [String: String] = [:]
  ) throws -> RunningProgram {
    let own = """
      "subnetFile":"\(subnetFile)","dataDir":"\(node.dataDir)","ipam":{"dataDir":"\(node.ipamDir)"\(ipam)},\
      \(delegate.map { #""delegate":\#($0),"# } ?? "")
      """
    let config = pluginConfig("flannel", name, version, own + members, previous)
    let variables = variables(verb, pod).merging(environment) { $1 }
    return try node.namespace.run {
      let program = installedProgram("flannel")
      guard let tool = wrapper.first else { return try program.start(environment: variables, input: config) }
      return try Program(tool).start(
        wrapper.dropFirst() + [program.path, "flannel"], environment: variables, input: config)
    }
  }

  /// Adds a pod and returns the result.
  func add(_ pod: Pod) throws -> String { try succeed("ADD", try call("ADD", pod)) }

  func delete(_ pod: Pod, previous: String? = nil) throws {
    try succeed("DEL", try call("DEL", pod, previous: previous))
  }

  /// Calls portmap, which is chained behind flannel, with one port.
  func portmap(_ verb: String, _ pod: Pod, _ mapping: PortMapping, previous: String) throws {
    let config = pluginConfig(
      "portmap", name, version, #""runtimeConfig":{"portMappings":[\#(mapping.json)]},"#, previous)
    let variables = variables(verb, pod)
    try succeed(
      verb, try node.namespace.run { try installedProgram("portmap").run(environment: variables, input: config) })
  }

  /// Returns the output of a call, or throws it if the call failed.
  @discardableResult
  func succeed(_ verb: String, _ outcome: Outcome) throws -> String {
    if outcome.status != 0 { throw CommandFailure(words: ["flannel", verb], outcome: outcome) }
    return outcome.outputText
  }

  /// The delegate's configuration as upstream computes it and writes it to `<dataDir>/<containerID>`.
  var upstreamsDelegate: String {
    """
    {"bridge":"cni0","cniVersion":"\(version)","hairpinMode":true,"ipMasq":false,"ipam":{"dataDir":"\(node.ipamDir)",\
    "ranges":[[{"subnet":"\(node.subnet)/24"}]],"routes":[{"dst":"10.244.0.0/16"}],"type":"host-local"},\
    "isDefaultGateway":true,"isGateway":true,"mtu":1450,"name":"\(name)","type":"bridge"}
    """
  }

  /// Adds a pod as upstream does: the delegate is called, and its configuration saved.
  func addAsUpstream(_ pod: Pod) throws -> String {
    let result = try bridge("ADD", pod, Array(upstreamsDelegate.utf8))
    try node.write(upstreamsDelegate, to: "\(node.dataDir)/\(pod.id)", mode: "600")
    return result
  }

  /// Deletes a pod as upstream does: calls the delegate with the saved configuration, and removes that.
  func deleteAsUpstream(_ pod: Pod) throws {
    let file = "\(node.dataDir)/\(pod.id)"
    try bridge("DEL", pod, try Program("cat").run([file]).output)
    try node.remove(file)
  }

  @discardableResult
  private func bridge(_ verb: String, _ pod: Pod, _ config: [UInt8]) throws -> String {
    let variables = variables(verb, pod)
    let outcome = try node.namespace.run {
      try Program("/usr/lib/cni/bridge").run(environment: variables, input: config)
    }
    return try succeed(verb, outcome)
  }

  private func variables(_ verb: String, _ pod: Pod?) -> [String: String] {
    var variables = ["CNI_COMMAND": verb, "CNI_PATH": node.cniPath, "PATH": Program.standardPath]
    if let pod {
      variables["CNI_CONTAINERID"] = pod.id
      variables["CNI_NETNS"] = pod.namespace.path
      variables["CNI_IFNAME"] = pod.ifName
    }
    return variables
  }
}

/// The addresses in a result, without their lengths.
func addresses(_ result: String) throws -> [String] {
  let list = try #require(try Field(JSON(parsing: Array(result.utf8)))["ips"].array())
  return try list.map { String(try #require(try $0["address"].string()).prefix { $0 != "/" }) }
}

func isAddress(_ text: String) -> Bool { IPAddress(text) != nil }
