// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import Rules
import TestSupport
import Testing

@Suite(
  "firewall: beside upstream's plugin", .enabled(if: kernelIsThere, "needs privileges to make network namespaces"))
struct FirewallUpstreamTests {
  /// The policies that version 1.1.1 of upstream knows.
  static let policies = ["open", "same-bridge"]

  /// A host whose programs named `iptables` are of one variant.
  private struct Scene {
    let node: FirewallNode
    let variant: IPTablesSettings.Variant
    let programs: IPTablesPrograms
    let options: String
    let container: Container

    init(_ variant: IPTablesSettings.Variant, _ policy: String) throws {
      programs = try IPTablesPrograms(variant)
      var node = try FirewallNode()
      node.environment.merge(programs.environment) { $1 }
      self.node = node
      self.variant = variant
      options = #""ingressPolicy":"\#(policy)","#
      container = try node.node.addContainer(ip: "10.22.0.5", ip6: "fd00:22::5")
    }

    var ours: FirewallNode { node.byIPTables(variant) }
    var peers: FirewallNode { node.byUpstream(programs) }

    func another(_ number: Int, _ network: Network = .first) throws -> Container {
      let prefix = network.bridge == "cni0" ? 22 : 23
      return try node.node.addContainer(
        ip: "10.\(prefix).0.\(number)", ip6: "fd00:\(prefix)::\(number)", network: network)
    }

    func saved() throws -> [String] { try AddressFamily.allCases.flatMap { try node.saved(variant, $0) } }

    /// The rules in the order of each chain, without those that only our plugin writes.
    func rules() throws -> [String] {
      try saved().filter { !$0.contains("(published ports)") && !$0.hasPrefix("*") && $0 != "COMMIT" }
    }

    /// The elements of our own table that record a container.
    func record(_ container: Container) throws -> [String] {
      try node.ownedElements().filter { $0.contains(container.id) }
    }

    /// The state without what our own table records of a container.
    func state(without container: Container) throws -> [String] {
      try node.state().filter { !$0.contains(container.id) }
    }

    func mentions(_ container: Container, _ line: String) -> Bool {
      line.contains(" \(container.ip)/32 ") || line.contains(" \(container.ip6 ?? "none")/128 ")
    }
  }

  @Test(
    "each plugin deletes what the other has added, and other containers keep their rules",
    arguments: IPTablesSettings.Variant.allCases, PluginChangeTests.Change.allCases)
  func change(variant: IPTablesSettings.Variant, change: PluginChangeTests.Change) throws {
    for policy in Self.policies { try expectChange(try Scene(variant, policy), change) }
  }

  private func expectChange(_ scene: Scene, _ change: PluginChangeTests.Change) throws {
    // Upstream's ADD comes first, because our plugin finds out the host's variant by its rules.
    let ours = scene.node.by(backend: "iptables")
    let bystanders = [try scene.another(6), try scene.another(7)]
    try scene.peers.succeed("ADD", bystanders[0], options: scene.options)
    try ours.succeed("ADD", bystanders[1], options: scene.options)
    let before = try scene.node.state()
    #expect(!before.contains { !$0.hasPrefix("\(scene.variant.rawValue) ") && $0.contains("CNI-") })
    let (adds, deletes) = change.order(ours: ours, peers: scene.peers)
    try adds.succeed("ADD", scene.container, options: scene.options)
    #expect(try scene.rules().filter { scene.mentions(scene.container, $0) }.count == 4)
    try deletes.succeed("DEL", scene.container, options: scene.options)
    // Upstream's plugin knows nothing of the record.
    #expect(try scene.record(scene.container).isEmpty == (change != .oursToUpstreams))
    #expect(try changes(from: before, to: scene.state(without: scene.container)) == [])
    for bystander in bystanders { try ours.succeed("CHECK", bystander, options: scene.options) }
  }

  @Test(
    "our ADD and upstream's write the same rules, except the one for published ports",
    arguments: IPTablesSettings.Variant.allCases, policies)
  func same(variant: IPTablesSettings.Variant, policy: String) throws {
    let texts = try [true, false].map { isOurs in
      let scene = try Scene(variant, policy)
      for container in [scene.container, try scene.another(6), try scene.another(7, .second)] {
        try (isOurs ? scene.ours : scene.peers).succeed("ADD", container, options: scene.options)
      }
      // Versions of upstream have different comments for the isolation.
      let comment = #/-m comment --comment "CNI firewall plugin rules \(ingressPolicy: [^"]*" /#
      return try scene.rules().map { $0.replacing(comment, with: "") }
    }
    #expect(texts[0].filter { $0.hasSuffix("-j ACCEPT") }.count == 12)
    // The order of chains depends on who made them.
    let chains = texts.map { $0.filter { $0.hasPrefix(":") } }
    let rules = texts.map { $0.filter { $0.hasPrefix("-A") } }
    for chain in ["FORWARD", "CNI-FORWARD", "CNI-ADMIN", "CNI-ISOLATION-STAGE-1", "CNI-ISOLATION-STAGE-2"] {
      var ordered = rules.map { $0.filter { $0.hasPrefix("-A \(chain) ") } }
      // Our plugin adds new accepts before older ones.
      if chain == "CNI-FORWARD" { ordered = ordered.map { [$0[0]] + $0.dropFirst().sorted() } }
      #expect(changes(from: ordered[1], to: ordered[0]) == [])
    }
    #expect(rules[0].count == rules[1].count)
    #expect(chains[0].sorted() == chains[1].sorted())
  }

  @Test(
    "our CHECK passes after upstream's ADD, our ADD over it leaves one set of accepts, and our DEL nothing",
    arguments: IPTablesSettings.Variant.allCases, policies)
  func over(variant: IPTablesSettings.Variant, policy: String) throws {
    let scene = try Scene(variant, policy)
    // The same for upstream's isolation: its rules have other comments, and are there once.
    try scene.ours.succeed("ADD", try scene.another(6), options: scene.options)
    try scene.peers.succeed("ADD", try scene.another(7), options: scene.options)
    let before = try scene.node.state()
    try scene.peers.succeed("ADD", scene.container, options: scene.options)
    let added = try scene.node.state()
    try scene.ours.succeed("CHECK", scene.container, options: scene.options)
    #expect(try scene.node.state() == added)
    for program in [scene.ours, scene.peers, scene.ours] {
      try program.succeed("ADD", scene.container, options: scene.options)
      #expect(try changes(from: added, to: scene.state(without: scene.container)) == [])
    }
    try scene.ours.succeed("DEL", scene.container, options: scene.options, prevResult: false)
    #expect(try changes(from: before, to: scene.node.state()) == [])
  }

  @Test(
    "our CHECK passes for a container that upstream has added", arguments: IPTablesSettings.Variant.allCases, policies)
  func checkOfUpstreams(variant: IPTablesSettings.Variant, policy: String) throws {
    let scene = try Scene(variant, policy)
    try scene.peers.succeed("ADD", scene.container, options: scene.options)
    let added = try scene.node.state()
    try scene.ours.succeed("CHECK", scene.container, options: scene.options)
    #expect(try scene.node.state() == added)
    // CHECK fails for a rule that upstream has written and this container lacks.
    let rule = try #require(try scene.rules().first { $0.contains("-s 10.22.0.5/32") })
    try scene.node.change(variant, .ip, ["-D" + rule.dropFirst(2)])
    #expect(errorObject(try scene.ours.call("CHECK", scene.container, options: scene.options))?.code == 102)
  }

  @Test(
    "the bridge's rules stay while a container of upstream is there, and go with the last, by DEL or by GC",
    arguments: IPTablesSettings.Variant.allCases, ["DEL", "GC"])
  func bridge(variant: IPTablesSettings.Variant, verb: String) throws {
    let scene = try Scene(variant, "same-bridge")
    let ofOurs = try scene.another(6)
    try scene.peers.succeed("ADD", scene.container, options: scene.options)
    let rules = try scene.rules().filter { $0.contains("cni0") }
    #expect(rules.count == 4)
    try scene.ours.succeed("ADD", ofOurs, options: scene.options)
    try scene.ours.succeed("DEL", ofOurs, options: scene.options)
    #expect(try scene.rules().filter { $0.contains("cni0") } == rules)
    if verb == "DEL" {
      try scene.ours.succeed("DEL", scene.container, options: scene.options)
    } else {
      try scene.ours.collectGarbage(FirewallNode.valid())
      #expect(try scene.rules().filter { $0.contains("cni0") } == rules)
      try scene.peers.succeed("DEL", scene.container, options: scene.options)
      #expect(try scene.rules().filter { $0.contains("cni0") } == rules)
      try scene.ours.collectGarbage(FirewallNode.valid())
    }
    #expect(try scene.saved().filter { $0.contains("cni0") || $0.contains("ISOLATION") } == [])
  }

  @Test(
    "what upstream's DEL leaves of our container is the record alone, and our GC removes it with the bridge's rules",
    arguments: IPTablesSettings.Variant.allCases, policies)
  func leftRecord(variant: IPTablesSettings.Variant, policy: String) throws {
    let scene = try Scene(variant, policy)
    let kept = try scene.another(6, .second)
    try scene.ours.succeed("ADD", kept, options: scene.options)
    let before = try scene.node.state()
    try scene.ours.succeed("ADD", scene.container, options: scene.options)
    try scene.peers.succeed("DEL", scene.container, options: scene.options)
    #expect(try !scene.record(scene.container).isEmpty)
    #expect(try !scene.saved().contains { scene.mentions(scene.container, $0) })
    try scene.ours.collectGarbage(FirewallNode.valid(kept))
    #expect(try changes(from: before, to: scene.node.state()) == [])
  }

  @Test(
    "the record of a container that upstream has deleted hides no accepts that upstream has added",
    arguments: IPTablesSettings.Variant.allCases)
  func hiddenAccepts(variant: IPTablesSettings.Variant) throws {
    let scene = try Scene(variant, "open")
    let other = try scene.another(6)
    try scene.ours.succeed("ADD", scene.container)
    let before = try scene.rules()
    try scene.peers.succeed("DEL", scene.container)
    try scene.peers.succeed("ADD", other)
    // There are now as many accepts as if our plugin had added the one container that it has recorded.
    try scene.ours.succeed("DEL", other)
    #expect(try scene.rules().filter { scene.mentions(other, $0) } == [])
    try scene.peers.succeed("ADD", other)
    try scene.ours.succeed("ADD", scene.container)
    try scene.ours.succeed("CHECK", scene.container)
    try scene.peers.succeed("DEL", other)
    #expect(try changes(from: before.sorted(), to: scene.rules().sorted()) == [])
  }
}
