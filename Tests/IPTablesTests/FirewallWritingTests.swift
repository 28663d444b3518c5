// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI
import Rules
import Testing

@testable import IPTables

/// The places of rules beside those of others (FirewallTable.swift).
@Suite struct FirewallWritingTests {
  private static func admin(_ chain: String) -> String {
    #"-m comment --comment "CNI firewall plugin admin overrides" -j \#(chain)"#
  }

  private static let forwarding = #"-m comment --comment "CNI firewall plugin rules" -j CNI-FORWARD"#

  private static func isolated(_ id: String, _ address: String, _ kind: Isolation.Kind, on bridge: String = "cni0")
    throws -> ForwardFilterRequest
  {
    try FirewallScene.wanted(FirewallScene.owner(id), [address], kind, on: bridge)
  }

  @Test("the administrator's chain comes before the accepts, also if a foreign rule is before it")
  func adminFirst() throws {
    let scene = FirewallScene()
    try scene.tables.append(["-s 10.0.0.1/32 -j ACCEPT", Self.admin("CNI-ADMIN")], to: "CNI-FORWARD", of: scene.table)
    try scene.add(try FirewallScene.wanted())
    #expect(scene["CNI-FORWARD"].first == Self.admin("CNI-ADMIN"))
    #expect(scene.accepted == ["10.22.0.5", "10.0.0.1"])
    let rules = scene.tables.rules(scene.table)
    try scene.add(try FirewallScene.wanted())
    #expect(scene.tables.rules(scene.table) == rules)
  }

  @Test("networks with different administrator's chains do not move each other's jump at each ADD")
  func twoAdmins() throws {
    let scene = FirewallScene()
    let (one, other) = (
      try FirewallScene.wanted(), try FirewallScene.wanted(FirewallScene.owner("other"), ["10.22.0.6"])
    )
    try scene.add(one)
    try scene.add(other, admin: "MINE")
    #expect(scene["CNI-FORWARD"].prefix(2) == [Self.admin("MINE"), Self.admin("CNI-ADMIN")])
    let (rules, commits) = (scene.tables.rules(scene.table), scene.tables.commits)
    for _ in 0..<2 {
      try scene.add(one)
      try scene.add(other, admin: "MINE")
    }
    #expect(scene.tables.rules(scene.table) == rules)
    #expect(scene.tables.commits == commits)
    #expect(scene.chains.filter { ["CNI-ADMIN", "MINE"].contains($0) }.count == 2)
  }

  @Test("the jump to the accepts comes before others' rules, and that to isolation before it")
  func jumps() throws {
    let scene = FirewallScene()
    try scene.tables.append(["-j DROP"], to: "FORWARD", of: scene.table)
    try scene.add(try FirewallScene.wanted())
    #expect(scene["FORWARD"] == [Self.forwarding, "-j DROP"])
    try scene.add(try Self.isolated("other", "10.22.0.6", .sameBridge))
    #expect(scene["FORWARD"] == [FirewallRules.jumpToIsolation.text, Self.forwarding, "-j DROP"])
  }

  @Test("isolation that comes behind the accepts, or would, goes before them", arguments: [true, false])
  func misplacedIsolation(hasJump: Bool) throws {
    let scene = FirewallScene()
    let wanted = try Self.isolated("id", "10.22.0.5", .isolated)
    try scene.add(wanted)
    let isolation = FirewallRules.jumpToIsolation.text
    try scene.tables.change(scene.table) { (edit) throws(CNIError) in
      for rule in try edit.rules(of: "FORWARD") ?? [] { edit.remove(rule, from: "FORWARD") }
    }
    try scene.tables.append((hasJump ? [Self.forwarding] : []) + [isolation], to: "FORWARD", of: scene.table)
    #expect(try !scene.problems(wanted).isEmpty)
    try scene.add(wanted)
    #expect(scene["FORWARD"] == [isolation, Self.forwarding])
    #expect(try scene.problems(wanted).isEmpty)
  }

  @Test("bridges share the chains of isolation, each with its rules, before the end")
  func bridges() throws {
    let scene = FirewallScene()
    try scene.add(try Self.isolated("a", "10.22.0.5", .sameBridge))
    try scene.add(try Self.isolated("b", "10.23.0.5", .isolated, on: "cni1"))
    try scene.add(try Self.isolated("c", "10.22.0.6", .isolated))
    #expect(
      scene.isolation == [
        "1 --ctstate DNAT -j RETURN", "1 -i cni0 -o cni0 -j DROP", "1 -i cni1 ! -o cni1 -j CNI-ISOLATION-STAGE-2",
        "1 -i cni1 -o cni1 -j DROP", "1 -i cni0 ! -o cni0 -j CNI-ISOLATION-STAGE-2", "1 -j RETURN",
        "2 -o cni1 -j DROP", "2 -o cni0 -j DROP", "2 -j RETURN",
      ])
    for wanted in [
      try Self.isolated("a", "10.22.0.5", .sameBridge), try Self.isolated("b", "10.23.0.5", .isolated, on: "cni1"),
      try Self.isolated("c", "10.22.0.6", .isolated),
    ] {
      #expect(try scene.problems(wanted).isEmpty)
    }
  }

  @Test(
    "upstream's rules count as present, whatever its version's comments are", arguments: [false, true],
    [Isolation.Kind.sameBridge, .isolated])
  func upstream(isOld: Bool, kind: Isolation.Kind) throws {
    let scene = FirewallScene()
    try scene.addAsUpstream("10.22.0.4", kind, isOld: isOld)
    let (rules, commits) = (scene.isolation, scene.tables.commits)
    let wanted = try FirewallScene.wanted(FirewallScene.owner("upstreams"), ["10.22.0.4"], kind)
    // CHECK of a container that upstream has added needs no record and no exception for published ports.
    #expect(try scene.problems(wanted).filter { !$0.contains("CNI-ADMIN is missing") }.isEmpty)
    #expect(scene.tables.commits == commits)
    try scene.add(try Self.isolated("ours", "10.22.0.5", kind))
    #expect(scene.isolation == ["1 --ctstate DNAT -j RETURN"] + rules)
    #expect(scene["FORWARD"].count == 2)
    #expect(scene.accepted == ["10.22.0.5", "10.22.0.4"])
    #expect(try scene.problems(wanted).isEmpty)
  }

  @Test("published ports are excepted first, also from rules that upstream has put before")
  func publishedPorts() throws {
    let scene = FirewallScene()
    let wanted = try Self.isolated("ours", "10.22.0.5", .sameBridge)
    try scene.add(wanted)
    try scene.tables.change(scene.table) { (edit) throws(CNIError) in
      edit.prepend(FirewallRules.leaving("cni1"), to: "CNI-ISOLATION-STAGE-1")
    }
    // Published ports on the bridge itself are still excepted.
    #expect(try scene.problems(wanted).isEmpty)
    try scene.add(wanted)
    #expect(
      scene.isolation.prefix(2) == ["1 --ctstate DNAT -j RETURN", "1 -i cni1 ! -o cni1 -j CNI-ISOLATION-STAGE-2"])
    #expect(scene.isolation.count { $0.contains("DNAT") } == 1)
    try scene.tables.change(scene.table) { (edit) throws(CNIError) in
      edit.prepend(FirewallRules.leaving("cni0"), to: "CNI-ISOLATION-STAGE-1")
    }
    #expect(try !scene.problems(wanted).isEmpty)
  }

  @Test("after several ADDs an owner has the isolation of the last one: less, more or none")
  func changes() throws {
    let scene = FirewallScene()
    func isolates() -> [Bool] {
      ["1 -i cni0 ! -o cni0 -j CNI-ISOLATION-STAGE-2", "1 -i cni0 -o cni0 -j DROP"].map { scene.isolation.contains($0) }
    }
    let kinds: [(Isolation.Kind?, [Bool])] = [
      (.isolated, [true, true]), (.sameBridge, [true, false]), (.isolated, [true, true]), (nil, [false, false]),
      (.sameBridge, [true, false]), (nil, [false, false]),
    ]
    for (kind, expected) in kinds {
      let wanted = try FirewallScene.wanted(FirewallScene.owner(), ["10.22.0.5"], kind)
      try scene.add(wanted)
      #expect(isolates() == expected)
      #expect(scene.accepted == ["10.22.0.5"])
      #expect(try scene.problems(wanted).isEmpty)
      #expect(scene.chains.contains("CNI-ISOLATION-STAGE-1") == (kind != nil))
    }
  }

  @Test("an owner that moves to another bridge leaves nothing on the first")
  func moved() throws {
    let scene = FirewallScene()
    try scene.add(try Self.isolated("id", "10.22.0.5", .isolated))
    try scene.add(try Self.isolated("id", "10.22.0.5", .isolated, on: "cni1"))
    #expect(!scene.isolation.contains { $0.contains("cni0") })
    #expect(scene.isolation.count == 6)
    #expect(try scene.problems(try Self.isolated("id", "10.22.0.5", .isolated, on: "cni1")).isEmpty)
  }

  @Test(
    "isolation holds in both families if both have tables, because a container may send from unknown addresses")
  func otherFamily() throws {
    let scene = FirewallScene()
    let wanted = try Self.isolated("id", "10.22.0.5", .isolated)
    try scene.add(wanted)
    let both = [scene.table, scene.table6]
    let chains = ["CNI-ISOLATION-STAGE-1", "CNI-ISOLATION-STAGE-2", "FORWARD"]
    #expect(chains.allSatisfy { chain in Set(both.map { scene.tables.rules($0, chain) }).count == 1 })
    #expect(!scene.tables.rules(scene.table6, "FORWARD").isEmpty)
    #expect(scene.tables.rules(scene.table6, "CNI-FORWARD").count == 1)
    try scene.tables.change(scene.table6) { (edit) throws(CNIError) in try edit.fill("CNI-ISOLATION-STAGE-1", with: [])
    }
    #expect(try scene.problems(wanted).allSatisfy { $0.hasPrefix("ip6tables table filter: missing: ") })
    #expect(try !scene.problems(wanted).isEmpty)
    let other = FirewallScene()
    other.tables.missingFamilies = [.ip6]
    try other.add(wanted)
    #expect(other.tables.rules(other.table6).isEmpty)
    #expect(try other.problems(wanted).isEmpty)
  }
}
