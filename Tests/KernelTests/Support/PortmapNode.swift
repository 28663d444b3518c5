// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Glibc
import TestSupport

/// A node where the installed plugin portmap is called as a runtime calls it.
struct PortmapNode {
  let node: Node
  /// The network's name in configurations.
  var network = "test"
  /// The program to call: our plugin, or upstream's.
  var program = PortmapNode.program
  /// Members of all configurations, each with a comma at its end.
  var members = ""
  /// Whether the kernel appears to the plugin to have no nf_tables.
  var lacksNFTables = false
  /// The host's iptables programs: this machine's, which are of the variant nft, unless the test has its own.
  let programs: IPTablesPrograms?

  init(
    hairpin: Bool = false, bridgeFilter: Bool = false, networks: [Network] = [.first],
    programs: IPTablesPrograms? = nil
  ) throws {
    node = try Node(hairpin: hairpin, bridgeFilter: bridgeFilter, networks: networks)
    self.programs = programs
  }

  static let program = installedProgram("portmap")

  /// Calls the plugin and returns the outcome. `options` are members of the configuration, each with a comma at its end.
  func call(
    _ verb: String, _ container: Container, _ mappings: [PortMapping]? = nil, options: String = "",
    prevResult: Bool = true, version: String = "1.0.0", environment: [String: String] = [:]
  ) throws -> Outcome {
    try start(
      verb, container, mappings, options: options, prevResult: prevResult, version: version, environment: environment
    ).wait()
  }

  func start(
    _ verb: String, _ container: Container, _ mappings: [PortMapping]? = nil, options: String = "",
    prevResult: Bool = true, version: String = "1.0.0", environment: [String: String] = [:]
  ) throws -> RunningProgram {
    let list = mappings.map { $0.map(\.json).joined(separator: ",") }
    let runtime = list.map { #""runtimeConfig":{"portMappings":[\#($0)]},"# } ?? ""
    let previous = prevResult ? container.prevResult : nil
    let config = pluginConfig("portmap", network, version, members + options + runtime, previous)
    let own = (programs?.environment ?? [:]).merging(environment) { $1 }
    let variables = container.environment(verb).merging(own) { $1 }
    return try node.namespace.run {
      let start = { try program.start(environment: variables, input: config) }
      return lacksNFTables ? try withoutNetfilterSockets(start) : try start()
    }
  }

  func add(_ container: Container, _ mappings: PortMapping..., options: String = "") throws {
    try succeed("ADD", try call("ADD", container, mappings, options: options))
  }

  func delete(_ container: Container, _ mappings: PortMapping...) throws {
    try succeed("DEL", try call("DEL", container, mappings))
  }

  func check(_ container: Container, _ mappings: PortMapping..., options: String = "") throws {
    try succeed("CHECK", try call("CHECK", container, mappings, options: options))
  }

  /// Throws what a failed call printed.
  func succeed(_ verb: String, _ outcome: Outcome) throws {
    if outcome.status != 0 { throw CommandFailure(words: ["portmap", verb], outcome: outcome) }
  }

  /// Our table as nft prints it.
  func table() throws -> String { try node.namespace.command("nft", "list", "table", "inet", "swift_cni") }

  /// The lines of our table that have elements with owners.
  func elements() throws -> [String] {
    let listing = try node.namespace.command("nft", "list", "ruleset")
    let comments = listing.split(separator: "\n").map(String.init).filter { $0.contains(" comment \"") }
    return comments.filter { !$0.contains(" comment \"network ") }
  }

  /// The generation of the nftables ruleset, which every change raises.
  func generation() throws -> Int { try node.namespace.nftablesGeneration() }

  /// Calls the plugin where `/proc/sys` is mounted read-only.
  func callWithReadOnlySysctls(_ verb: String, _ container: Container, _ mappings: [PortMapping]) throws -> Outcome {
    let script = "mount --bind -o ro /proc/sys /proc/sys && mount -o remount,ro,bind /proc/sys && exec \"$0\" portmap"
    let config = """
      {\(members)"runtimeConfig":{"portMappings":[\(mappings.map(\.json).joined(separator: ","))]},\
      "prevResult":\(container.prevResult),"cniVersion":"1.0.0","name":"\(network)","type":"portmap"}
      """
    return try node.namespace.run {
      try Program("unshare").run(
        ["--mount", "sh", "-c", script, Self.program.path], environment: container.environment(verb),
        input: Array(config.utf8))
    }
  }

  /// Calls the plugin with a result that has no address, as after an interface plugin without IPAM.
  func callWithoutAddress(_ verb: String, _ container: Container, _ mappings: [PortMapping]) throws -> Outcome {
    let result = #"{"cniVersion":"1.0.0","interfaces":[{"name":"eth0","sandbox":"\#(container.namespace.path)"}]}"#
    let runtime = #""runtimeConfig":{"portMappings":[\#(mappings.map(\.json).joined(separator: ","))]},"#
    return try node.namespace.run {
      try program.run(
        environment: container.environment(verb),
        input: pluginConfig("portmap", network, "1.0.0", members + runtime, result))
    }
  }

  /// Waits 10 ms, within which expired elements must be gone.
  func settle() { usleep(10_000) }
}

/// A port mapping as a runtime writes it.
struct PortMapping: Sendable {
  var host: Int
  var container: Int
  var transport = "tcp"
  var hostIP: String?

  init(_ host: Int, _ container: Int, _ transport: String = "tcp", on hostIP: String? = nil) {
    self.host = host
    self.container = container
    self.transport = transport
    self.hostIP = hostIP
  }

  var json: String {
    let address = hostIP.map { #","hostIP":"\#($0)""# } ?? ""
    return #"{"hostPort":\#(host),"containerPort":\#(container),"protocol":"\#(transport)"\#(address)}"#
  }
}
