// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI
import Rules
import Testing

@testable import IPTables

/// Rules that DEL and GC remove, and those that they leave.
@Suite struct FirewallRemovingTests {
  private static func isolated(_ id: String, _ address: String, _ kind: Isolation.Kind, on bridge: String = "cni0")
    throws -> ForwardFilterRequest
  {
    try FirewallScene.wanted(FirewallScene.owner(id), [address], kind, on: bridge)
  }

  /// The rules that are left when the last container is gone.
  private static let remains = ["CNI-ADMIN", "CNI-FORWARD", "FORWARD"]

  @Test("DEL finds an owner's rules by the record alone, and leaves those of others")
  func byRecord() throws {
    let scene = FirewallScene()
    try scene.add(try FirewallScene.wanted(FirewallScene.owner("other"), ["10.22.0.4", "fd00::4"]))
    try scene.add(try FirewallScene.wanted(FirewallScene.owner(), ["10.22.0.5", "10.22.0.6", "10.22.0.7", "fd00::5"]))
    try scene.remove(FirewallScene.owner())
    #expect(scene.accepted == ["10.22.0.4"])
    #expect(scene["CNI-FORWARD"].count == 3)
    #expect(scene.tables.rules(scene.table6, "CNI-FORWARD").count == 3)
    #expect(scene.record.owners == [FirewallScene.owner("other")])
    let commits = scene.tables.commits
    try scene.remove(FirewallScene.owner())
    #expect(scene.tables.commits == commits)
  }

  @Test("more addresses than are looked for one by one are removed whole")
  func many() throws {
    let scene = FirewallScene()
    let addresses = (1...20).map { "10.22.1.\($0)" }
    try scene.add(try FirewallScene.wanted(FirewallScene.owner("other"), ["10.22.0.4"]))
    try scene.add(try FirewallScene.wanted(FirewallScene.owner(), addresses))
    #expect(Set(scene.accepted) == Set(addresses + ["10.22.0.4"]))
    try scene.remove(FirewallScene.owner())
    #expect(scene.accepted == ["10.22.0.4"])
  }

  @Test("DEL looks into no table that holds nothing, and into empty ones without changing them")
  func nothing() throws {
    let scene = FirewallScene()
    let wanted = try Self.isolated("id", "10.22.0.5", .isolated)
    try scene.remove(wanted.attachment, hint: wanted)
    #expect(scene.tables.commits == 0 && scene.chains.isEmpty)
    scene.tables.failure = CNIError(.kernelRefused, "no table")
    scene.tables.unused = [scene.table, scene.table6]
    try scene.remove(wanted.attachment, hint: wanted)
    try scene.collect()
  }

  @Test("a container without rules in legacy tables by its record is removed without reading these")
  func withoutLegacy() throws {
    let scene = FirewallScene()
    let wanted = try FirewallScene.wanted()
    _ = try scene.record.apply(wanted)
    scene.tables.failure = CNIError(.kernelRefused, "not asked")
    try scene.remove(wanted.attachment, hint: wanted)
    #expect(scene.record.owners.isEmpty)
  }

  @Test("a hint of an address that is not accepted, or only in part, removes the present accepts")
  func parts() throws {
    let scene = FirewallScene()
    try scene.addAsUpstream("10.22.0.4")
    let others = ["-s 10.22.0.5/32 -j ACCEPT", "-s 10.22.0.5/32 -j DROP", "-d 10.22.0.5/32 -j ACCEPT"]
    try scene.tables.append(others, to: "CNI-FORWARD", of: scene.table)
    try scene.remove(FirewallScene.owner(), hint: try FirewallScene.wanted())
    #expect(scene["CNI-FORWARD"].suffix(2) == others.dropFirst())
    #expect(scene.accepted == ["10.22.0.4", "10.22.0.5"])
  }

  @Test("rules that cannot be removed fail DEL, and stay in the record to be found again")
  func refused() throws {
    let scene = FirewallScene()
    let wanted = try FirewallScene.wanted()
    try scene.add(wanted)
    let failure = CNIError(.kernelRefused, "no table")
    scene.tables.failure = failure
    #expect(throws: failure) { try scene.remove(wanted.attachment) }
    #expect(throws: failure) { try scene.collect() }
    #expect(scene.record.owners == [wanted.attachment])
    scene.tables.failure = nil
    try scene.remove(wanted.attachment)
    #expect(scene.accepted.isEmpty && scene.record.owners.isEmpty)
  }
}

// MARK: - Isolation

extension FirewallRemovingTests {
  @Test(
    "with the last recorded container on a bridge its isolation is removed, and with the last bridge the chains",
    arguments: [Isolation.Kind.sameBridge, .isolated])
  func lastContainer(kind: Isolation.Kind) throws {
    let scene = FirewallScene()
    let all = [
      try Self.isolated("a", "10.22.0.5", kind), try Self.isolated("b", "10.22.0.6", kind),
      try Self.isolated("c", "10.23.0.5", kind, on: "cni1"),
    ]
    for wanted in all { try scene.add(wanted) }
    let whole = scene.isolation
    try scene.remove(all[0].attachment)
    #expect(scene.isolation == whole)
    try scene.remove(all[1].attachment, hint: all[1])
    #expect(scene.isolation == whole.filter { !$0.contains("cni0") })
    #expect(try scene.problems(all[2]).isEmpty)
    try scene.remove(all[2].attachment)
    #expect(scene.chains == Self.remains)
    #expect(scene["FORWARD"].count == 1)
    #expect(scene.tables.rules(scene.table6).count == 2)
  }

  @Test("with the last container that is isolated only the rule about the same bridge goes")
  func lastIsolated() throws {
    let scene = FirewallScene()
    let (open, isolated) = (
      try Self.isolated("a", "10.22.0.5", .sameBridge), try Self.isolated("b", "10.22.0.6", .isolated)
    )
    try scene.add(open)
    let before = scene.isolation
    try scene.add(isolated)
    try scene.remove(isolated.attachment)
    #expect(scene.isolation == before)
    #expect(try scene.problems(open).isEmpty)
    try scene.add(isolated)
    try scene.remove(open.attachment)
    #expect(try scene.problems(isolated).isEmpty)
    try scene.remove(isolated.attachment)
    #expect(scene.chains == Self.remains)
  }

  @Test(
    "isolation stays as long as the bridge has an unrecorded port, which may be of a container of upstream's",
    arguments: [Isolation.Kind.sameBridge, .isolated])
  func unrecordedPort(kind: Isolation.Kind) throws {
    let scene = FirewallScene()
    try scene.addAsUpstream("10.22.0.4", kind)
    let wanted = try Self.isolated("a", "10.22.0.5", kind)
    try scene.add(wanted)
    let whole = scene.isolation
    try scene.remove(wanted.attachment, hint: wanted)
    #expect(scene.isolation == whole)
    #expect(scene.accepted == ["10.22.0.4"])
    try scene.collect()
    #expect(scene.isolation == whole)
    // Upstream's own DEL removes the accepts and leaves its isolation, which goes with the next GC of any network.
    try scene.removeAsUpstream("10.22.0.4")
    #expect(scene.isolation == whole)
    try scene.collect("other")
    #expect(scene.chains == Self.remains)
  }

  @Test(
    "a port of a container without isolation, and that upstream has not added, keeps no isolation",
    arguments: [false, true])
  func openPort(collects: Bool) throws {
    let scene = FirewallScene()
    scene.record.ports["cni0"] = ["somebodys"]
    try scene.addAsUpstream("10.23.0.4")
    let (open, wanted) = (
      try FirewallScene.wanted(FirewallScene.owner("open"), ["10.22.0.4"]),
      try Self.isolated("a", "10.22.0.5", .isolated)
    )
    try scene.add(open)
    try scene.removeAsUpstream("10.23.0.4")
    try scene.add(wanted)
    if collects { try scene.collect(sparing: ["open"]) } else { try scene.remove(wanted.attachment) }
    #expect(scene.chains == Self.remains)
    #expect(scene.accepted == ["10.22.0.4"])
  }

  @Test("chains of isolation with a foreign rule stay, with the jump to them")
  func foreignRules() throws {
    let scene = FirewallScene()
    let wanted = try Self.isolated("a", "10.22.0.5", .isolated)
    try scene.add(wanted)
    try scene.tables.append(["-i eth0 -j RETURN"], to: "CNI-ISOLATION-STAGE-1", of: scene.table)
    try scene.remove(wanted.attachment)
    #expect(!scene.isolation.contains { $0.contains("cni0") })
    #expect(scene.isolation.contains("1 -i eth0 -j RETURN"))
    #expect(scene["FORWARD"].count == 2)
    #expect(scene.accepted.isEmpty)
  }

  @Test(
    "chains of isolation to which a foreign rule jumps stay, and everything else is removed",
    arguments: ["CNI-ISOLATION-STAGE-1", "CNI-ISOLATION-STAGE-2"])
  func foreignJumps(chain: String) throws {
    let scene = FirewallScene()
    let wanted = try Self.isolated("a", "10.22.0.5", .isolated)
    try scene.add(wanted)
    try scene.tables.append(["-j \(chain)"], to: "MINE", of: scene.table)
    try scene.remove(wanted.attachment, hint: wanted)
    #expect(scene.accepted.isEmpty)
    #expect(!scene.isolation.contains { $0.contains("cni0") })
    #expect(scene.chains.contains(chain))
  }
}

// MARK: - GC

extension FirewallRemovingTests {
  @Test("GC leaves attachments of its list and other networks, also those with the same prefix")
  func garbage() throws {
    let scene = FirewallScene()
    let networks = ["net", "net", "net", "net2"]
    let owners = zip(["a", "b", "c", "a"], networks).map { FirewallScene.owner($0, network: $1) }
    for (index, owner) in owners.enumerated() {
      let kind: Isolation.Kind = index == 2 ? .isolated : .sameBridge
      let addresses = ["10.22.0.\(index)", "fd00::\(index)"]
      try scene.add(try FirewallScene.wanted(owner, addresses, kind, on: "cni\(index)"))
    }
    // The containers that GC is for are gone.
    for bridge in ["cni0", "cni2"] { scene.record.ports[bridge] = [] }
    try scene.collect(sparing: ["b"])
    #expect(scene.accepted == ["10.22.0.3", "10.22.0.1"])
    #expect(scene.record.owners == [owners[1], owners[3]])
    #expect(scene.tables.rules(scene.table6, "CNI-FORWARD").count == 5)
    for (index, isLeft) in [false, true, false, true].enumerated() {
      #expect(scene.isolation.contains { $0.contains("cni\(index)") } == isLeft)
    }
    let commits = scene.tables.commits
    try scene.collect(sparing: ["b"])
    #expect(scene.tables.commits == commits)
  }

  @Test("GC of a network leaves unrecorded accepts, which upstream has added")
  func garbageOfUpstreams() throws {
    let scene = FirewallScene()
    try scene.addAsUpstream("10.22.0.4", .isolated)
    try scene.add(try FirewallScene.wanted())
    try scene.collect()
    #expect(scene.accepted == ["10.22.0.4"])
    #expect(scene["CNI-ISOLATION-STAGE-1"].count == 3)
  }

  @Test("a GC that ends after the rules and before the record is completed by the next")
  func interrupted() throws {
    let scene = FirewallScene()
    try scene.add(try Self.isolated("a", "10.22.0.5", .isolated))
    scene.record.ports = [:]
    scene.tables.refused = [scene.table6]
    #expect(throws: CNIError.self) { try scene.collect() }
    #expect(scene.accepted.isEmpty && scene.record.owners.count == 1)
    scene.tables.refused = []
    try scene.collect()
    #expect(scene.chains == Self.remains && scene.record.owners.isEmpty)
  }
}
