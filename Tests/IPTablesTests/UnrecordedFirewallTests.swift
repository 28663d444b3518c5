// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI
import Rules
import Testing

@testable import IPTables

/// A kernel without nf_tables, where no owners are recorded, and rules are removed as by upstream.
@Suite struct UnrecordedFirewallTests {
  private static let noTables = CNIError(.notAvailable, "no nf_tables")

  private static func scene() -> FirewallScene {
    let scene = FirewallScene()
    scene.record.failure = noTables
    return scene
  }

  @Test(
    "ADD writes the same rules as with nf_tables, once, and CHECK passes",
    arguments: [nil, .sameBridge, .isolated] as [Isolation.Kind?])
  func add(kind: Isolation.Kind?) throws {
    let (scene, recorded) = (Self.scene(), FirewallScene())
    let wanted = try FirewallScene.wanted(FirewallScene.owner(), ["10.22.0.5", "fd00::5"], kind)
    #expect(try !scene.problems(wanted).isEmpty)
    #expect(scene.tables.commits == 0)
    try scene.add(wanted)
    try recorded.add(wanted)
    #expect(scene.all == recorded.all && !scene.all.isEmpty)
    let commits = scene.tables.commits
    try scene.add(wanted)
    #expect(try scene.problems(wanted).isEmpty)
    #expect(scene.tables.commits == commits)
  }

  @Test("DEL removes the accepts of the result's addresses, whoever added them, and the isolation stays")
  func remove() throws {
    let scene = Self.scene()
    let wanted = try FirewallScene.wanted(FirewallScene.owner(), ["10.22.0.5", "fd00::5"], .isolated)
    try scene.add(wanted)
    try scene.addAsUpstream("10.22.0.6")
    let isolation = scene.isolation
    try scene.remove(wanted.attachment)
    #expect(scene.accepted == ["10.22.0.5", "10.22.0.6"])
    try scene.remove(wanted.attachment, hint: wanted)
    #expect(scene.accepted == ["10.22.0.6"])
    #expect(scene.tables.rules(scene.table6, "CNI-FORWARD").count == 1)
    #expect(scene.isolation == isolation)
    let upstreams = try FirewallScene.wanted(FirewallScene.owner("upstreams"), ["10.22.0.6"])
    try scene.remove(upstreams.attachment, hint: upstreams)
    #expect(scene.accepted.isEmpty)
  }

  @Test("DEL and GC look into no table that holds nothing, and GC, which has no addresses, removes nothing")
  func nothing() throws {
    let scene = Self.scene()
    try scene.add(try FirewallScene.wanted())
    let rules = scene.all
    try scene.collect()
    #expect(scene.all == rules)
    scene.tables.unused = [scene.table, scene.table6]
    scene.tables.failure = CNIError(.kernelRefused, "no table")
    try scene.remove(FirewallScene.owner(), hint: try FirewallScene.wanted())
    try scene.collect()
  }

  @Test("an ADD that fails removes the accepts that it added, and leaves those that were there")
  func failure() throws {
    let scene = Self.scene()
    try scene.addAsUpstream("10.22.0.5")
    let before = scene["CNI-FORWARD"]
    try scene.fail(try FirewallScene.wanted(FirewallScene.owner(), ["10.22.0.5", "10.22.0.6", "fd00::5"]))
    #expect(scene["CNI-FORWARD"] == before)
    #expect(scene.tables.rules(scene.table6, "CNI-FORWARD").count == 1)
  }

  @Test("an error in one family's table leaves no rules in the other's")
  func refused() throws {
    let scene = Self.scene()
    scene.tables.refused = [scene.table6]
    #expect(throws: CNIError.self) {
      try scene.add(try FirewallScene.wanted(FirewallScene.owner(), ["10.22.0.5", "fd00::5"]))
    }
    #expect(scene.accepted.isEmpty)
  }

  @Test("isolation needs no table of a family that the kernel has none of")
  func families() throws {
    let scene = Self.scene()
    scene.tables.missingFamilies = [.ip6]
    try scene.add(try FirewallScene.wanted(FirewallScene.owner(), ["10.22.0.5"], .isolated))
    #expect(!scene.isolation.isEmpty && scene.tables.rules(scene.table6).isEmpty)
  }

  @Test("options that tables of iptables cannot do are code 50 before anything is written, also for CHECK")
  func restrictions() throws {
    let scene = Self.scene()
    let address = try #require(IPAddress("10.22.0.5"))
    var wanted = try FirewallScene.wanted()
    wanted.untracked.append(.address(address))
    #expect(throws: Self.noTables) { try scene.add(wanted) }
    #expect(throws: Self.noTables) { try scene.problems(wanted) }
    #expect(scene.tables.commits == 0)
  }

  @Test("a record that fails for another reason does not count as a kernel without nf_tables")
  func otherFailure() throws {
    let scene = FirewallScene()
    let failure = CNIError(.kernelRefused, "no")
    scene.record.failure = failure
    #expect(throws: failure) { try scene.add(try FirewallScene.wanted()) }
    #expect(throws: failure) { try scene.problems(try FirewallScene.wanted()) }
    #expect(throws: failure) { try scene.remove(FirewallScene.owner(), hint: try FirewallScene.wanted()) }
    #expect(throws: failure) { try scene.collect() }
    #expect(scene.tables.commits == 0)
  }
}
