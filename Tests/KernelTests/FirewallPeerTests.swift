// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import Rules
import TestSupport
import Testing

@Suite(
  "firewall: beside the peer's plugin", .enabled(if: kernelIsThere, "needs privileges to make network namespaces"))
struct FirewallPeerTests {
  /// Those that version 1.1.1 of the peer knows.
  static let policies = ["open", "same-bridge"]

  /// A host whose programs `iptables` are those of a variant.
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
    var peers: FirewallNode { node.byPeer(programs) }

    func another(_ number: Int, _ network: Network = .first) throws -> Container {
      let prefix = network.bridge == "cni0" ? 22 : 23
      return try node.node.addContainer(
        ip: "10.\(prefix).0.\(number)", ip6: "fd00:\(prefix)::\(number)", network: network)
    }

    func saved() throws -> [String] { try AddressFamily.allCases.flatMap { try node.saved(variant, $0) } }

    /// The rules, each chain's in their order, without those that only ours are.
    func rules() throws -> [String] {
      let isOurs = { (line: String) in line.contains(/CNI-OWNERS|CNI-F[OBI]-|\(published ports\)/) }
      return try saved().filter { !isOurs($0) && !$0.hasPrefix("*") && $0 != "COMMIT" }
    }

    /// What tells of an attachment alone, in both families: the name of its chain, or the label of its marks.
    func marks(_ container: Container) throws -> Set<Substring> {
      let saved = try saved()
      switch variant {
      case .nft: return Set(saved.filter { $0.contains(container.id) }.map { $0.split(separator: " ")[1] })
      case .legacy:
        let marks = saved.filter { $0.hasPrefix("-A CNI-OWNERS ") && mentions(container, $0) }
        return Set(marks.compactMap { $0.firstMatch(of: /\ -o (\S+)/)?.1 })
      }
    }

    /// The lines in which none of these stands.
    func lines(_ state: [String], without marks: Set<Substring>) -> [String] {
      state.filter { line in !marks.contains { line.contains($0) } }
    }

    func mentions(_ container: Container, _ line: String) -> Bool {
      line.contains(" \(container.ip)/32 ") || line.contains(" \(container.ip6 ?? "none")/128 ")
    }
  }

  @Test(
    "what the one has added the other deletes, and others keep their rules",
    arguments: IPTablesSettings.Variant.allCases, PluginChangeTests.Change.allCases)
  func change(variant: IPTablesSettings.Variant, change: PluginChangeTests.Change) throws {
    for policy in Self.policies { try expectChange(try Scene(variant, policy), change) }
  }

  private func expectChange(_ scene: Scene, _ change: PluginChangeTests.Change) throws {
    // The peer's first: only by its rules do ours find out which variant this host has.
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
    let (left, marks) = (try scene.node.state(), try scene.marks(scene.container))
    // The peer knows nothing of these.
    #expect(marks.count == (change == .oursToPeers ? 1 : 0))
    #expect(changes(from: before, to: scene.lines(left, without: marks)) == [])
    for bystander in bystanders { try ours.succeed("CHECK", bystander, options: scene.options) }
  }

  @Test(
    "iptables-save prints of our ADD what it prints of the peer's, but for marks and published ports",
    arguments: IPTablesSettings.Variant.allCases, policies)
  func same(variant: IPTablesSettings.Variant, policy: String) throws {
    let texts = try [true, false].map { isOurs in
      let scene = try Scene(variant, policy)
      for container in [scene.container, try scene.another(6), try scene.another(7, .second)] {
        try (isOurs ? scene.ours : scene.peers).succeed("ADD", container, options: scene.options)
      }
      // Versions of the peer have different comments for the isolation.
      let comment = #/-m comment --comment "CNI firewall plugin rules \(ingressPolicy: [^"]*" /#
      return try scene.rules().map { $0.replacing(comment, with: "") }
    }
    #expect(texts[0].filter { $0.hasSuffix("-j ACCEPT") }.count == 12)
    // The order of chains depends on who made them.
    let chains = texts.map { $0.filter { $0.hasPrefix(":") } }
    let rules = texts.map { $0.filter { $0.hasPrefix("-A") } }
    for chain in ["FORWARD", "CNI-FORWARD", "CNI-ADMIN", "CNI-ISOLATION-STAGE-1", "CNI-ISOLATION-STAGE-2"] {
      var ordered = rules.map { $0.filter { $0.hasPrefix("-A \(chain) ") } }
      // Of accepts, our last are the first.
      if chain == "CNI-FORWARD" { ordered = ordered.map { [$0[0]] + $0.dropFirst().sorted() } }
      #expect(changes(from: ordered[1], to: ordered[0]) == [])
    }
    #expect(rules[0].count == rules[1].count)
    #expect(chains[0].sorted() == chains[1].sorted())
  }

  @Test(
    "our CHECK passes after the peer's ADD, our ADD over it leaves one set of accepts, and our DEL nothing",
    arguments: IPTablesSettings.Variant.allCases, policies)
  func over(variant: IPTablesSettings.Variant, policy: String) throws {
    let scene = try Scene(variant, policy)
    // The peer's too: its rules for bridges have other comments, and come once.
    try scene.ours.succeed("ADD", try scene.another(6), options: scene.options)
    try scene.peers.succeed("ADD", try scene.another(7), options: scene.options)
    let before = try scene.node.state()
    try scene.peers.succeed("ADD", scene.container, options: scene.options)
    let added = try scene.node.state()
    try scene.ours.succeed("CHECK", scene.container, options: scene.options)
    #expect(try scene.node.state() == added)
    for program in [scene.ours, scene.peers, scene.ours] {
      try program.succeed("ADD", scene.container, options: scene.options)
      let state = try scene.lines(try scene.node.state(), without: scene.marks(scene.container))
      #expect(changes(from: added, to: state) == [])
    }
    try scene.ours.succeed("DEL", scene.container, options: scene.options, prevResult: false)
    #expect(try changes(from: before, to: scene.node.state()) == [])
  }

  @Test("where only the peer has added, our CHECK passes", arguments: IPTablesSettings.Variant.allCases, policies)
  func checkOfPeers(variant: IPTablesSettings.Variant, policy: String) throws {
    let scene = try Scene(variant, policy)
    try scene.peers.succeed("ADD", scene.container, options: scene.options)
    let added = try scene.node.state()
    try scene.ours.succeed("CHECK", scene.container, options: scene.options)
    #expect(try scene.node.state() == added)
    // And finds what the peer has and this one has not.
    let rule = try #require(try scene.rules().first { $0.contains("-s 10.22.0.5/32") })
    try scene.node.change(variant, .ip, ["-D" + rule.dropFirst(2)])
    #expect(errorObject(try scene.ours.call("CHECK", scene.container, options: scene.options))?.code == 102)
  }

  @Test(
    "the bridge's rules stay while a container of the peer is there, and go with the last, by DEL or by GC",
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
    "the marks that the peer's DEL leaves no packet can reach, and our GC removes them with the bridge's rules",
    arguments: IPTablesSettings.Variant.allCases, policies)
  func leftMarks(variant: IPTablesSettings.Variant, policy: String) throws {
    let scene = try Scene(variant, policy)
    let kept = try scene.another(6, .second)
    try scene.ours.succeed("ADD", kept, options: scene.options)
    let before = try scene.node.state()
    try scene.ours.succeed("ADD", scene.container, options: scene.options)
    try scene.peers.succeed("DEL", scene.container, options: scene.options)
    let mark = try #require(try scene.marks(scene.container).first)
    let left = try scene.saved()
    let marks = left.filter { $0.hasPrefix("-A ") && $0.contains(mark) }
    #expect(!marks.isEmpty && left.allSatisfy { marks.contains($0) || !scene.mentions(scene.container, $0) })
    for chain in Set(marks.map { $0.split(separator: " ")[1] }) {
      #expect(chain.contains(/^CNI-(OWNERS$|F[OBI]-)/))
      #expect(!left.contains { $0.contains("-j \(chain)") || $0.contains("-g \(chain)") })
    }
    try scene.ours.collectGarbage(FirewallNode.valid(kept))
    #expect(try changes(from: before, to: scene.node.state()) == [])
  }

  @Test(
    "a mark without accepts, of a container that the peer has deleted, hides none of those that the peer has added",
    arguments: IPTablesSettings.Variant.allCases)
  func hiddenAccepts(variant: IPTablesSettings.Variant) throws {
    let scene = try Scene(variant, "open")
    let other = try scene.another(6)
    try scene.ours.succeed("ADD", scene.container)
    let before = try scene.rules()
    try scene.peers.succeed("DEL", scene.container)
    try scene.peers.succeed("ADD", other)
    // There are as many accepts now as there would be if ours had added one container, which it remembers.
    try scene.ours.succeed("DEL", other)
    #expect(try scene.rules().filter { scene.mentions(other, $0) } == [])
    try scene.peers.succeed("ADD", other)
    try scene.ours.succeed("ADD", scene.container)
    try scene.ours.succeed("CHECK", scene.container)
    try scene.peers.succeed("DEL", other)
    #expect(try changes(from: before.sorted(), to: scene.rules().sorted()) == [])
  }
}
