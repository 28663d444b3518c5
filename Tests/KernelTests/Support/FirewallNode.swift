// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import Rules
import TestSupport

/// A node where the installed plugin firewall is called as a runtime calls it.
struct FirewallNode {
  let node: Node
  /// The network's name in configurations.
  var network = "test"
  /// The program to call: our plugin, or upstream's.
  var program = FirewallNode.program
  /// Members of all configurations, each with a comma at its end.
  var members = ""
  /// Variables that are added to the environment, or replace others.
  var environment: [String: String] = [:]

  init(bridgeFilter: Bool = false, networks: [Network] = [.first, .second]) throws {
    node = try Node(bridgeFilter: bridgeFilter, networks: networks)
  }

  static let program = installedProgram("firewall")

  // MARK: - The same node with other plugins or backends

  var byNFTables: FirewallNode { by(Self.program, #""backend":"nftables","#) }
  /// Our plugin with the tables of a variant of iptables.
  func byIPTables(_ variant: IPTablesSettings.Variant) -> FirewallNode {
    by(Self.program, #""backend":"iptables","iptablesVariant":"\#(variant.rawValue)","#)
  }
  /// Debian's plugin, with programs `iptables` and `ip6tables` of one variant.
  func byUpstream(_ programs: IPTablesPrograms) -> FirewallNode {
    var copy = by(Program("/usr/lib/cni/firewall"), #""backend":"iptables","#)
    copy.environment.merge(programs.environment) { $1 }
    return copy
  }

  /// Our plugin with a backend; the plugin finds out the variant of iptables.
  func by(backend: String) -> FirewallNode { by(Self.program, #""backend":"\#(backend)","#) }

  private func by(_ program: Program, _ members: String) -> FirewallNode {
    var copy = self
    copy.program = program
    copy.members = members
    return copy
  }

  // MARK: - Calls

  /// Calls the plugin and returns the outcome. `options` are members of the configuration, each with a comma at its end; without
  /// `prevResult` the configuration has none.
  func call(
    _ verb: String, _ container: Container, options: String = "", prevResult: Bool = true, version: String = "1.0.0",
    environment: [String: String] = [:]
  ) throws -> Outcome {
    try start(
      verb, container, options: options, prevResult: prevResult, version: version, environment: environment
    ).wait()
  }

  func start(
    _ verb: String, _ container: Container, options: String = "", prevResult: Bool = true, version: String = "1.0.0",
    environment: [String: String] = [:]
  ) throws -> RunningProgram {
    let previous = prevResult ? container.prevResult : nil
    let config = pluginConfig("firewall", network, version, members + options, previous)
    let variables = container.environment(verb).merging(self.environment) { $1 }.merging(environment) { $1 }
    return try node.namespace.run { try program.start(environment: variables, input: config) }
  }

  /// Calls the plugin and throws what it printed if it fails.
  func succeed(_ verb: String, _ container: Container, options: String = "", prevResult: Bool = true) throws {
    let outcome = try call(verb, container, options: options, prevResult: prevResult)
    if outcome.status != 0 { throw CommandFailure(words: ["firewall", verb], outcome: outcome) }
  }

  // MARK: - The kernel's state

  /// Makes iptables drop forwarded packets that no rule accepts.
  func dropForwarded(_ variant: IPTablesSettings.Variant) throws {
    for program in ["iptables", "ip6tables"] {
      try node.namespace.command("\(program)-\(variant.rawValue)", "--wait", "-P", "FORWARD", "DROP")
    }
  }

  /// The output of iptables-save for the table filter, without comment lines and packet counts.
  func saved(_ variant: IPTablesSettings.Variant, _ family: AddressFamily = .ip) throws -> [String] {
    let program = "\(family == .ip ? "iptables" : "ip6tables")-\(variant.rawValue)-save"
    let text = try node.namespace.command(program, "-t", "filter")
    return text.split(separator: "\n").filter { !$0.hasPrefix("#") }.map { line in
      line.hasPrefix(":") ? line.split(separator: " ").prefix(2).joined(separator: " ") : String(line)
    }
  }

  /// The elements of a set of our table, as nft prints them, with their owners; none if there is no such set.
  func elements(_ set: String) throws -> [String] {
    let text = try node.namespace.command("nft", "list", "ruleset")
    guard let start = text.firstRange(of: "set \(set) {") else { return [] }
    let rest = text[start.upperBound...]
    guard let end = rest.firstRange(of: "\n\t}") else { return [] }
    let body = rest[..<end.lowerBound]
    guard let elements = body.firstRange(of: "elements = {"), let close = body.lastIndex(of: "}") else { return [] }
    return body[elements.upperBound..<close].split(separator: ",").map { $0.trimmingWhitespace() }
  }
}

extension Substring {
  fileprivate func trimmingWhitespace() -> String {
    let start = drop { $0.isWhitespace }
    return String(start.reversed().drop { $0.isWhitespace }.reversed())
  }
}
