// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import TestSupport
import Testing

@Suite("firewall: garbage collection", .enabled(if: kernelIsThere, "needs privileges to make network namespaces"))
struct FirewallGarbageTests {
  /// Two containers in network "test", on two bridges, of which one is stale, and two in networks with similar names.
  private struct Scene {
    let host: FirewallNode
    let kept: Container
    let stale: Container
    let foreign: [Container]
    /// The state before the stale container was added.
    let before: [String]
    static let sameBridge = #""ingressPolicy":"same-bridge","#
    static let all =
      #""ingressPolicy":"isolated","denyDestinations":["198.51.100.0/24","2001:db8:5::/48"],"dropInvalid":true,"#

    init(_ place: FirewallNode.Place) throws {
      let host = try FirewallNode().at(place)
      kept = try host.node.addContainer(ip: "10.22.0.5", ip6: "fd00:22::5")
      stale = try host.node.addContainer(ip: "10.23.0.6", ip6: "fd00:23::6", network: .second)
      foreign = try (7..<9).map { try host.node.addContainer(ip: "10.22.0.\($0)", ip6: "fd00:22::\($0)") }
      try host.succeed("ADD", kept, options: Self.sameBridge)
      for (container, network) in zip(foreign, ["test2", "tes"]) {
        try host.of(network).succeed("ADD", container, options: Self.sameBridge)
      }
      before = try host.state()
      try host.succeed("ADD", stale, options: Self.all)
      self.host = host
    }

    func check() throws {
      for (container, network) in zip(foreign, ["test2", "tes"]) {
        try host.of(network).succeed("CHECK", container, options: Self.sameBridge)
      }
    }
  }

  @Test(
    "attachments that the list lacks lose their rules, with those of their bridge and destinations; other networks stay",
    arguments: FirewallNode.Place.allCases, ["valid-attachments", "attachments"])
  func list(place: FirewallNode.Place, key: String) throws {
    let scene = try Scene(place)
    #expect(try scene.host.state() != scene.before)
    let list = FirewallNode.valid(scene.kept)
    try scene.host.collectGarbage(list.replacing("cni.dev/valid-attachments", with: "cni.dev/\(key)"))
    #expect(try changes(from: scene.before, to: scene.host.state()) == [])
    #expect(try !scene.host.node.namespace.command("nft", "list", "ruleset").contains("denied"))
    try scene.host.succeed("CHECK", scene.kept, options: Scene.sameBridge)
    try scene.check()
    // An ADD restores what was removed.
    try scene.host.succeed("ADD", scene.stale, options: Scene.all)
    try scene.host.succeed("CHECK", scene.stale, options: Scene.all)
  }

  @Test("if the list has all attachments, nothing is changed", arguments: FirewallNode.Place.allCases)
  func allValid(place: FirewallNode.Place) throws {
    let scene = try Scene(place)
    let (before, generation) = (try scene.host.state(), try scene.host.node.namespace.nftablesGeneration())
    try scene.host.collectGarbage(FirewallNode.valid(scene.kept, scene.stale))
    #expect(try scene.host.state() == before)
    #expect(try scene.host.node.namespace.nftablesGeneration() == generation)
  }

  @Test(
    "null and an empty list mean that nothing is valid", arguments: FirewallNode.Place.allCases, ["null", "[]"])
  func nothingValid(place: FirewallNode.Place, value: String) throws {
    let scene = try Scene(place)
    try scene.host.collectGarbage(#""cni.dev/valid-attachments":\#(value),"#)
    let left = try scene.host.state()
    for container in [scene.kept, scene.stale] {
      #expect(!left.contains { $0.contains("\(container.ip)/") || $0.contains("\(container.ip) ") })
      #expect(!left.contains { $0.contains(container.id) })
    }
    #expect(!left.contains { $0.contains("cni1") })
    try scene.check()
  }

  @Test("without a list nothing is removed, with a note on stderr", arguments: FirewallNode.Place.allCases)
  func noList(place: FirewallNode.Place) throws {
    let scene = try Scene(place)
    let before = try scene.host.state()
    #expect(try scene.host.collectGarbage("").errorText.contains("nothing removed"))
    #expect(try scene.host.state() == before)
  }

  @Test("an entry with another interface does not keep the container's", arguments: FirewallNode.Place.allCases)
  func otherInterface(place: FirewallNode.Place) throws {
    let scene = try Scene(place)
    let other = Container(
      namespace: scene.stale.namespace, id: scene.stale.id, ifName: "net1", address: scene.stale.address)
    try scene.host.collectGarbage(FirewallNode.valid(scene.kept, other))
    #expect(try changes(from: scene.before, to: scene.host.state()) == [])
  }

  @Test("elements of bridges without members are removed, also if no stale attachment names them")
  func forgottenBridge() throws {
    let scene = try Scene(.nftables)
    let names = try scene.host.ownedElements().map { String($0.prefix { $0 != ":" }) }
    let sets = Set(names.filter { $0.hasSuffix("_cni1") })
    #expect(sets.isSuperset(of: ["bridges_cni1", "isolated_bridges_cni1", "tracked_bridges_cni1"]))
    for set in sets {
      try scene.host.node.namespace.command("nft", "flush", "set", "inet", "swift_cni", set)
    }
    try scene.host.collectGarbage(FirewallNode.valid(scene.kept, scene.stale))
    #expect(try !scene.host.ownedElements().contains { $0.contains(#""cni1""#) })
    #expect(try scene.host.ownedElements().contains { $0.contains(#""cni0""#) })
  }

  @Test("GC on a host without any rules makes no table", arguments: FirewallNode.Place.allCases)
  func nothingThere(place: FirewallNode.Place) throws {
    let host = try FirewallNode().at(place)
    try host.collectGarbage(FirewallNode.valid())
    #expect(try host.node.namespace.command("nft", "list", "ruleset") == "")
    #expect(try host.legacyTables() == "")
  }
}
