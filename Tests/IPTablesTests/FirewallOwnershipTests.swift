// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI
import Rules
import Testing

@testable import IPTables

/// The owners of accepts where our plugin, upstream's and other containers have the same address.
@Suite struct FirewallOwnershipTests {
  private static let (a, b) = (FirewallScene.owner("a"), FirewallScene.owner("b"))

  @Test("after ADD, upstream's DEL, upstream's ADD of another and an ADD again there is one pair, and DEL removes it")
  func mixedWithUpstream() throws {
    let scene = FirewallScene()
    let (a, b) = (
      try FirewallScene.wanted(Self.a, ["10.22.0.5"]), try FirewallScene.wanted(Self.b, ["10.22.0.6"])
    )
    try scene.add(a)
    try scene.removeAsUpstream("10.22.0.5")
    try scene.addAsUpstream("10.22.0.6")
    try scene.add(b)
    #expect(scene.accepted == ["10.22.0.6"])
    #expect(scene["CNI-FORWARD"].count == 3)
    #expect(try scene.problems(b).isEmpty)
    try scene.remove(b.attachment)
    #expect(scene.accepted.isEmpty)
    try scene.collect()
    #expect(scene["CNI-FORWARD"].count == 1)
    #expect(scene.record.owners.isEmpty)
  }

  @Test(
    "rules that upstream has added are removed only if the hint has their address", arguments: [false, true],
    [nil, .sameBridge, .isolated] as [Isolation.Kind?])
  func upstreams(isOld: Bool, kind: Isolation.Kind?) throws {
    let scene = FirewallScene()
    try scene.addAsUpstream("10.22.0.5", kind, isOld: isOld)
    try scene.remove(FirewallScene.owner())
    #expect(scene.accepted == ["10.22.0.5"])
    let wanted = try FirewallScene.wanted(FirewallScene.owner(), ["10.22.0.5"], kind)
    try scene.remove(wanted.attachment, hint: wanted)
    #expect(scene.accepted.isEmpty)
    // The isolation is removed too, which upstream would leave: no other container can need it.
    #expect(scene.isolation.isEmpty && scene["FORWARD"].count == 1)
    #expect(scene.chains == ["CNI-FORWARD", "FORWARD"])
  }

  @Test(
    "the isolation that upstream has added stays as long as upstream has another container, and a bridge that we isolate",
    arguments: [false, true])
  func upstreamsIsolation(isOurs: Bool) throws {
    let scene = FirewallScene()
    try scene.addAsUpstream("10.22.0.5", .sameBridge)
    let other = try FirewallScene.wanted(Self.b, ["10.22.0.6"], .sameBridge)
    if isOurs { try scene.add(other) } else { try scene.addAsUpstream("10.22.0.6", .sameBridge) }
    let isolation = scene.isolation
    let wanted = try FirewallScene.wanted(FirewallScene.owner(), ["10.22.0.5"], .sameBridge)
    try scene.remove(wanted.attachment, hint: wanted)
    #expect(scene.accepted == ["10.22.0.6"])
    #expect(scene.isolation == isolation)
    try scene.remove(other.attachment, hint: other)
    #expect(scene.accepted.isEmpty && scene.isolation.isEmpty)
  }

  @Test(
    "an ADD adopts upstream's accepts, whether they are there once or twice, and its DEL removes them",
    arguments: [1, 2])
  func adopted(count: Int) throws {
    let scene = FirewallScene()
    for _ in 0..<count { try scene.addAsUpstream("10.22.0.5") }
    let rules = scene["CNI-FORWARD"]
    let wanted = try FirewallScene.wanted()
    try scene.add(wanted)
    #expect(scene["CNI-FORWARD"] == rules)
    try scene.remove(wanted.attachment)
    #expect(scene.accepted.isEmpty && scene["CNI-FORWARD"].count == 1)
  }

  @Test("missing ones of upstream's accepts are added")
  func halfAdopted() throws {
    let scene = FirewallScene()
    try scene.addAsUpstream("10.22.0.5")
    try scene.tables.change(scene.table) { (edit) throws(CNIError) in
      for accept in try edit.rules(of: "CNI-FORWARD") ?? [] where accept.rule?.source != nil {
        edit.remove(accept, from: "CNI-FORWARD")
      }
    }
    let wanted = try FirewallScene.wanted()
    try scene.add(wanted)
    #expect(scene.accepted == ["10.22.0.5"] && scene["CNI-FORWARD"].count == 3)
    try scene.remove(wanted.attachment)
    #expect(scene["CNI-FORWARD"].count == 1)
  }

  @Test(
    "an address that another container takes over keeps its accepts when the former owner's DEL comes",
    arguments: [false, true])
  func takenOver(isHinted: Bool) throws {
    let scene = FirewallScene()
    let (a, b) = (try FirewallScene.wanted(Self.a), try FirewallScene.wanted(Self.b))
    #expect(try scene.add(a).isEmpty)
    #expect(try scene.add(b) == [Takeover(of: "10.22.0.5", previous: "net/a/eth0")])
    #expect(scene.accepted == ["10.22.0.5"])
    try scene.remove(a.attachment, hint: isHinted ? a : nil)
    #expect(scene.accepted == ["10.22.0.5"])
    #expect(try scene.problems(b).isEmpty)
    try scene.remove(b.attachment)
    #expect(scene.accepted.isEmpty)
  }

  @Test("GC of the former owner's network leaves an address that another network's container has taken over")
  func takenOverElsewhere() throws {
    let scene = FirewallScene()
    let next = try FirewallScene.wanted(FirewallScene.owner("b", network: "other"))
    try scene.add(try FirewallScene.wanted(Self.a, ["10.22.0.5", "10.22.0.6"]))
    try scene.add(next)
    try scene.collect()
    #expect(scene.accepted == ["10.22.0.5"])
    #expect(try scene.problems(next).isEmpty)
    try scene.collect("other")
    #expect(scene.accepted.isEmpty)
  }

  @Test("a container whose address another network's has taken over stays isolated until its own DEL")
  func sameAddressElsewhere() throws {
    let scene = FirewallScene()
    let wanted = try FirewallScene.wanted(Self.a, ["10.22.0.5"], .isolated)
    try scene.add(wanted)
    let isolation = scene.isolation
    let next = try FirewallScene.wanted(FirewallScene.owner("b", network: "other"))
    try scene.add(next)
    #expect(scene.isolation == isolation)
    #expect(scene.accepted == ["10.22.0.5"])
    try scene.remove(next.attachment)
    #expect(scene.accepted.isEmpty)
    #expect(scene.isolation == isolation)
    try scene.remove(wanted.attachment)
    #expect(scene.chains == ["CNI-ADMIN", "CNI-FORWARD", "FORWARD"])
  }

  @Test("our DEL succeeds if upstream's has removed the accepts, and CHECK finds them missing")
  func removedByUpstream() throws {
    let scene = FirewallScene()
    let wanted = try FirewallScene.wanted()
    try scene.add(wanted)
    try scene.removeAsUpstream("10.22.0.5")
    #expect(try scene.problems(wanted).count == 2)
    try scene.add(wanted)
    #expect(scene.accepted == ["10.22.0.5"])
    try scene.removeAsUpstream("10.22.0.5")
    try scene.remove(wanted.attachment)
    #expect(scene.accepted.isEmpty && scene.record.owners.isEmpty)
  }

  @Test("an isolated container of upstream's on the bridge keeps the rule about the same bridge when our last goes")
  func isolatedUpstream() throws {
    let scene = FirewallScene()
    try scene.addAsUpstream("10.22.0.4", .isolated)
    let before = scene.isolation
    let (open, isolated) = (
      try FirewallScene.wanted(Self.a, ["10.22.0.5"], .sameBridge),
      try FirewallScene.wanted(Self.b, ["10.22.0.6"], .isolated)
    )
    try scene.add(open)
    try scene.add(isolated)
    try scene.remove(isolated.attachment)
    #expect(Set(scene.isolation).isSuperset(of: before))
  }
}
