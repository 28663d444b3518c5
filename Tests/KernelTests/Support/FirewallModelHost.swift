// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import Rules
import TestSupport

/// A host with a handful of containers in two networks, each of which has containers on both bridges.
struct FirewallModelHost {
  private let node: FirewallNode
  private let variant: IPTablesSettings.Variant
  private let programs: IPTablesPrograms
  /// The interfaces of the containers, by their numbers.
  private let interfaces: [Container]
  let places: [(network: String, bridge: String)]

  init(_ variant: IPTablesSettings.Variant, containers: Int = 8) throws {
    self.variant = variant
    let programs = try IPTablesPrograms(variant)
    var node = try FirewallNode()
    node.environment.merge(programs.environment) { $1 }
    let networks = [Network.first, .second]
    let interfaces = try (0..<containers).map { number in
      try node.makeContainer(10 + number, on: networks[number / 2 % 2])
    }
    self.node = node
    self.programs = programs
    self.interfaces = interfaces
    places = interfaces.indices.map { (["one", "two"][$0 % 2], interfaces[$0].network.bridge) }
    for number in interfaces.indices { try setPort(number, false) }
    // Reading tables of iptables-legacy makes them, so they are made at the beginning.
    if variant == .legacy { _ = try saved() }
  }

  // MARK: - Calls

  /// Calls our plugin or upstream's with the input of the ADD; without a namespace if the interface is gone.
  func call(
    _ verb: String, _ number: Int, _ addition: FirewallModel.Addition, byUs: Bool, prevResult: Bool = true,
    isGone: Bool = false
  ) throws -> Outcome {
    var host = (byUs ? node.byIPTables(variant) : node.byUpstream(programs)).of(places[number].network)
    if isGone { host.environment["CNI_NETNS"] = "" }
    // Upstream's version 1.1.1 refuses unknown options.
    let policy = byUs || addition.policy != .isolated ? addition.policy : .sameBridge
    var options = #""ingressPolicy":"\#(policy.rawValue)","#
    if prevResult { options += #""prevResult":\#(result(number, addition.addresses)),"# }
    let container = Container(
      namespace: interfaces[number].namespace, id: Self.id(number), address: interfaces[number].address)
    return try host.call(verb, container, options: options, prevResult: false)
  }

  func collectGarbage(_ network: String, sparing live: Set<Int>) throws -> Outcome {
    let valid = live.sorted().filter { places[$0].network == network }.map { number in
      #"{"containerID":"\#(Self.id(number))","ifname":"eth0"}"#
    }
    let list = #""cni.dev/valid-attachments":[\#(valid.joined(separator: ","))],"#
    return try node.byIPTables(variant).of(network).callForNetwork("GC", list)
  }

  /// Makes the container's interface a new port of its bridge, or imitates its removal by renaming it.
  func setPort(_ number: Int, _ isThere: Bool) throws {
    let (name, gone) = (interfaces[number].hostInterface, "gone\(number)")
    let present = try node.node.namespace.command("ip", "-brief", "link").contains("\(name)@")
    var lines = ["link set \(present ? name : gone) down nomaster"]
    if present != isThere { lines.append("link set \(present ? name : gone) name \(isThere ? name : gone)") }
    if isThere { lines.append("link set \(name) master \(places[number].bridge) up") }
    try node.node.namespace.ip(lines.joined(separator: "\n"))
  }

  private static func id(_ number: Int) -> String { "c\(number)" + String(repeating: "0", count: 62) }

  private func result(_ number: Int, _ addresses: [IPAddress]) -> String {
    let interface = interfaces[number]
    let ips = addresses.map { #"{"interface":2,"address":"\#($0)/\#($0.family == .ip ? 16 : 64)"}"# }
    return """
      {"cniVersion":"1.0.0","interfaces":[{"name":"\(interface.network.bridge)"},{"name":"\(interface.hostInterface)"},\
      {"name":"eth0","sandbox":"\(interface.namespace.path)"}],"ips":[\(ips.joined(separator: ","))]}
      """
  }

  // MARK: - The present state

  func saved() throws -> [String] { try node.savedOfBoth(variant) }

  func tables() throws -> [FirewallModelTables] {
    try AddressFamily.allCases.map { family in
      try FirewallModelTables(family, saved: node.saved(variant, family), bridges: Set(places.map(\.bridge)))
    }
  }

  /// The generation of the nftables ruleset, which each change raises.
  func generation() throws -> Int { try node.node.namespace.nftablesGeneration() }

  func recordedElements() throws -> [String] { try node.ownedElements() }

  /// The tables of the other variant, which no call may write to.
  func otherTables() throws -> [String] {
    if variant == .nft { return try node.legacyTables().split(separator: "\n").map(String.init) }
    return try node.tables().filter { !$0.hasSuffix(" swift_cni") }
  }
}
