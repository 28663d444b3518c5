// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI
import Rules
import Testing

@testable import IPTables

/// What DEL and GC remove, and what they leave (FirewallRules+Removing.swift).
@Suite struct FirewallRemovingTests {
  private static func isolated(_ id: String, _ address: String, _ kind: Isolation.Kind, on bridge: String = "cni0")
    throws -> OwnedRules
  {
    try FirewallScene.wanted(FirewallScene.owner(id), [address], kind, on: bridge)
  }

  /// What is left of a table whose last container is gone.
  private static let remains = ["CNI-ADMIN", "CNI-FORWARD", "CNI-OWNERS", "FORWARD"]

  @Test(
    "DEL finds what an owner has by its marks alone, and leaves what others have", arguments: Marking.allCases)
  func byMarks(marking: Marking) throws {
    let scene = FirewallScene(marking)
    try scene.add(try FirewallScene.wanted(FirewallScene.owner("other"), ["10.22.0.4", "fd00::4"]))
    try scene.add(try FirewallScene.wanted(FirewallScene.owner(), ["10.22.0.5", "10.22.0.6", "10.22.0.7", "fd00::5"]))
    try scene.remove(FirewallScene.owner())
    #expect(scene.accepted == ["10.22.0.4"])
    #expect(scene["CNI-FORWARD"].count == 3)
    #expect(scene.marks == ["10.22.0.4/32"])
    let six = IPTable(.filter, .ip6)
    #expect(scene.tables.rules(six, "CNI-FORWARD").count == 3)
    #expect(scene.marks(six) == ["fd00::4/128"])
    let commits = scene.tables.commits
    try scene.remove(FirewallScene.owner())
    #expect(scene.tables.commits == commits)
  }

  @Test(
    "DEL looks into no table that holds nothing, and into empty ones without changing them", arguments: Marking.allCases
  )
  func nothing(marking: Marking) throws {
    let scene = FirewallScene(marking)
    try scene.remove(FirewallScene.owner(), hint: try Self.isolated("id", "10.22.0.5", .isolated).rules)
    #expect(scene.tables.commits == 0 && scene.chains.isEmpty)
    scene.tables.failure = CNIError(.kernelRefused, "no table")
    scene.tables.unused = [scene.table, IPTable(.filter, .ip6)]
    try scene.remove(FirewallScene.owner())
  }

  @Test(
    "an address of several owners is accepted for each, and until the last is gone", arguments: Marking.allCases)
  func sharedAddress(marking: Marking) throws {
    let scene = FirewallScene(marking)
    let owners = [FirewallScene.owner("a"), FirewallScene.owner("b")]
    for owner in owners { try scene.add(try FirewallScene.wanted(owner)) }
    #expect(scene.accepted == ["10.22.0.5", "10.22.0.5"])
    for owner in owners { #expect(try scene.backend().verify(try FirewallScene.wanted(owner)).isEmpty) }
    try scene.remove(owners[0], hint: try FirewallScene.wanted(owners[0]).rules)
    #expect(scene.accepted == ["10.22.0.5"])
    #expect(scene.marks == ["10.22.0.5/32"])
    try scene.remove(owners[1])
    #expect(scene.accepted.isEmpty)
  }

  @Test(
    "what the peer has added is removed by the hint", arguments: [false, true],
    [nil, .sameBridge, .isolated] as [Isolation.Kind?])
  func peers(isOld: Bool, kind: Isolation.Kind?) throws {
    let scene = FirewallScene()
    try scene.addAsPeer("10.22.0.5", kind, isOld: isOld)
    try scene.remove(FirewallScene.owner())
    #expect(scene.accepted == ["10.22.0.5"])
    try scene.remove(
      FirewallScene.owner(), hint: try FirewallScene.wanted(FirewallScene.owner(), ["10.22.0.5"], kind).rules)
    #expect(scene.accepted.isEmpty)
    #expect(scene.isolation.isEmpty)
    #expect(scene["FORWARD"].count == 1)
    #expect(scene.chains == ["CNI-FORWARD", "FORWARD"])
  }

  @Test("a hint of an address that is not accepted, or only in part, removes what is there")
  func parts() throws {
    let scene = FirewallScene()
    try scene.addAsPeer("10.22.0.4")
    let others = ["-s 10.22.0.5/32 -j ACCEPT", "-s 10.22.0.5/32 -j DROP", "-d 10.22.0.5/32 -j ACCEPT"]
    try scene.tables.append(others, to: "CNI-FORWARD", of: scene.table)
    try scene.remove(FirewallScene.owner(), hint: try FirewallScene.wanted().rules)
    #expect(scene["CNI-FORWARD"].suffix(2) == others.dropFirst())
    #expect(scene.accepted == ["10.22.0.4", "10.22.0.5"])
  }

  @Test(
    "with the last container on a bridge its isolation goes, and with the last bridge the chains",
    arguments: [Isolation.Kind.sameBridge, .isolated], Marking.allCases)
  func lastContainer(kind: Isolation.Kind, marking: Marking) throws {
    let scene = FirewallScene(marking)
    let all = [
      try Self.isolated("a", "10.22.0.5", kind), try Self.isolated("b", "10.22.0.6", kind),
      try Self.isolated("c", "10.23.0.5", kind, on: "cni1"),
    ]
    for wanted in all { try scene.add(wanted) }
    let whole = scene.isolation
    try scene.remove(all[0].owner)
    #expect(scene.isolation == whole)
    try scene.remove(all[1].owner, hint: all[1].rules)
    #expect(scene.isolation == whole.filter { !$0.contains("cni0") })
    #expect(try scene.backend().verify(all[2]).isEmpty)
    try scene.remove(all[2].owner)
    #expect(scene.chains == Self.remains)
    #expect(scene["FORWARD"].count == 1)
  }

  @Test(
    "with the last container that is isolated only the rule about the same bridge goes", arguments: Marking.allCases)
  func lastIsolated(marking: Marking) throws {
    let scene = FirewallScene(marking)
    let (open, isolated) = (
      try Self.isolated("a", "10.22.0.5", .sameBridge), try Self.isolated("b", "10.22.0.6", .isolated)
    )
    try scene.add(open)
    let before = scene.isolation
    try scene.add(isolated)
    try scene.remove(isolated.owner)
    #expect(scene.isolation == before)
    #expect(try scene.backend().verify(open).isEmpty)
    try scene.add(isolated)
    try scene.remove(open.owner)
    #expect(try scene.backend().verify(isolated).isEmpty)
    try scene.remove(isolated.owner)
    #expect(scene.chains == Self.remains)
  }

  @Test(
    "as long as an address without a mark is accepted, which may be one of the peer's on the bridge, isolation stays",
    arguments: Marking.allCases)
  func unmarked(marking: Marking) throws {
    let scene = FirewallScene(marking)
    try scene.addAsPeer("10.22.0.4", .isolated)
    let wanted = try Self.isolated("a", "10.22.0.5", .isolated)
    try scene.add(wanted)
    let whole = scene.isolation
    try scene.remove(wanted.owner, hint: wanted.rules)
    #expect(scene.isolation == whole)
    #expect(scene.accepted == ["10.22.0.4"])
    // The peer's own DEL removes the accepts and leaves its isolation.
    try scene.remove(FirewallScene.owner("peers"), hint: try Self.isolated("peers", "10.22.0.4", .isolated).rules)
    #expect(scene.isolation.isEmpty && scene.accepted.isEmpty)
  }

  @Test(
    "chains of isolation in which somebody else has a rule stay, with the jump to them", arguments: Marking.allCases)
  func foreignRules(marking: Marking) throws {
    let scene = FirewallScene(marking)
    let wanted = try Self.isolated("a", "10.22.0.5", .isolated)
    try scene.add(wanted)
    try scene.tables.append(["-i eth0 -j RETURN"], to: "CNI-ISOLATION-STAGE-1", of: scene.table)
    try scene.remove(wanted.owner)
    #expect(!scene.isolation.contains { $0.contains("cni0") })
    #expect(scene.isolation.contains("1 -i eth0 -j RETURN"))
    #expect(scene["FORWARD"].count == 2)
    #expect(scene.accepted.isEmpty)
  }

  @Test(
    "chains of isolation that somebody goes to from elsewhere stay, and everything else goes",
    arguments: ["CNI-ISOLATION-STAGE-1", "CNI-ISOLATION-STAGE-2"], Marking.allCases)
  func foreignJumps(chain: String, marking: Marking) throws {
    let scene = FirewallScene(marking)
    let wanted = try Self.isolated("a", "10.22.0.5", .isolated)
    try scene.add(wanted)
    try scene.tables.append(["-j \(chain)"], to: "MINE", of: scene.table)
    try scene.remove(wanted.owner, hint: wanted.rules)
    #expect(scene.accepted.isEmpty && scene.marks.isEmpty)
    #expect(!scene.isolation.contains { $0.contains("cni0") })
    #expect(scene.chains.contains(chain))
  }

  @Test(
    "a mark whose accepts the peer has removed counts no more when another has the address", arguments: Marking.allCases
  )
  func staleMark(marking: Marking) throws {
    let scene = FirewallScene(marking)
    try scene.add(try Self.isolated("a", "10.22.0.5", .isolated))
    try scene.add(try Self.isolated("c", "10.22.0.9", .sameBridge))
    // As the peer deletes a container.
    try scene.tables.change(scene.table) { (edit) throws(CNIError) in
      for accept in try edit.rules(of: "CNI-FORWARD") ?? [] where accept.rule?.text.contains("10.22.0.5/32") ?? false {
        edit.remove(accept, from: "CNI-FORWARD")
      }
    }
    let next = try Self.isolated("b", "10.22.0.5", .sameBridge)
    try scene.add(next)
    #expect(scene.accepted.sorted() == ["10.22.0.5", "10.22.0.9"])
    #expect(scene.marks.count { $0 == "10.22.0.5/32" } == 1)
    #expect(!scene.isolation.contains("1 -i cni0 -o cni0 -j DROP"))
    #expect(try scene.backend().verify(next).isEmpty)
    try scene.remove(next.owner)
    #expect(scene.accepted == ["10.22.0.9"])
    try scene.remove(FirewallScene.owner("c"))
    #expect(scene.chains == Self.remains)
  }

  @Test(
    "what was saved from a table of the other kind is found by CHECK, by ADD, by DEL and by GC",
    arguments: Marking.allCases, [true, false])
  func restored(marking: Marking, isCollected: Bool) throws {
    let scene = FirewallScene(marking)
    let wanted = try Self.isolated("a", "10.22.0.5", .isolated)
    try scene.add(wanted)
    scene.tables.isWhole.toggle()
    #expect(try scene.backend().verify(wanted).isEmpty)
    // It is written anew, once.
    try scene.add(wanted)
    let commits = scene.tables.commits
    try scene.add(wanted)
    #expect(scene.tables.commits == commits)
    let other = try Self.isolated("b", "10.22.0.6", .sameBridge)
    try scene.add(other)
    if isCollected {
      _ = try scene.backend().removeAll(ofNetwork: "net", sparing: [Attachment(containerID: "b", interface: "eth0")])
    } else {
      try scene.remove(wanted.owner)
    }
    #expect(scene.accepted == ["10.22.0.6"])
    #expect(!scene.isolation.contains("1 -i cni0 -o cni0 -j DROP"))
    try scene.remove(other.owner)
    #expect(scene.chains == Self.remains)
  }

  @Test(
    "what was saved from a table of the other kind goes whole, also after an ADD of other addresses",
    arguments: Marking.allCases)
  func restoredAndChanged(marking: Marking) throws {
    let scene = FirewallScene(marking)
    try scene.add(try Self.isolated("a", "10.22.0.5", .isolated))
    scene.tables.isWhole.toggle()
    try scene.add(try Self.isolated("a", "10.22.0.6", .isolated))
    #expect(scene.accepted == ["10.22.0.6"])
    try scene.remove(FirewallScene.owner("a"))
    #expect(scene.chains == Self.remains)
  }

  @Test(
    "a container whose accepts are gone stays isolated when one of another network has the same address",
    arguments: Marking.allCases)
  func sameAddressElsewhere(marking: Marking) throws {
    let scene = FirewallScene(marking)
    try scene.add(try Self.isolated("a", "10.22.0.5", .isolated))
    let isolation = scene.isolation
    try scene.tables.change(scene.table) { (edit) throws(CNIError) in
      for accept in try edit.rules(of: "CNI-FORWARD") ?? [] where accept.rule?.target == .accept {
        edit.remove(accept, from: "CNI-FORWARD")
      }
    }
    let next = try FirewallScene.wanted(FirewallScene.owner("b", network: "other"))
    try scene.add(next)
    #expect(scene.isolation == isolation)
    #expect(scene.accepted == ["10.22.0.5"])
    try scene.remove(next.owner)
    #expect(scene.accepted.isEmpty)
    #expect(scene.isolation == isolation)
    try scene.remove(FirewallScene.owner("a"))
    #expect(scene.chains == Self.remains)
  }

  @Test("GC removes the chains of owners that somebody has flushed")
  func flushed() throws {
    let scene = FirewallScene()
    try scene.add(try FirewallScene.wanted())
    try scene.tables.change(scene.table) { (edit) throws(CNIError) in
      for chain in try edit.chains(withPrefix: "CNI-FO-") { try edit.fill(chain, with: []) }
    }
    _ = try scene.backend().removeAll(ofNetwork: "net", sparing: [])
    #expect(!scene.chains.contains { $0.hasPrefix("CNI-FO-") })
  }

  @Test(
    "GC leaves what its list names and other networks, also those that begin alike", arguments: Marking.allCases)
  func garbage(marking: Marking) throws {
    let scene = FirewallScene(marking)
    let networks = ["net", "net", "net", "net2"]
    let owners = zip(["a", "b", "c", "a"], networks).map { FirewallScene.owner($0, network: $1) }
    for (index, owner) in owners.enumerated() {
      let kind: Isolation.Kind = index == 2 ? .isolated : .sameBridge
      let addresses = ["10.22.0.\(index)", "fd00::\(index)"]
      try scene.add(try FirewallScene.wanted(owner, addresses, kind, on: "cni\(index)"))
    }
    let freed = try scene.backend().removeAll(
      ofNetwork: "net", sparing: [Attachment(containerID: "b", interface: "eth0")])
    #expect(freed.isEmpty)
    #expect(scene.accepted == ["10.22.0.3", "10.22.0.1"])
    #expect(Set(scene.marks) == ["10.22.0.1/32", "CNI-FB-cni1", "10.22.0.3/32", "CNI-FB-cni3"])
    #expect(Set(scene.marks(IPTable(.filter, .ip6))) == ["fd00::1/128", "CNI-FB-cni1", "fd00::3/128", "CNI-FB-cni3"])
    for (index, isLeft) in [false, true, false, true].enumerated() {
      #expect(scene.isolation.contains { $0.contains("cni\(index)") } == isLeft)
    }
    let commits = scene.tables.commits
    _ = try scene.backend().removeAll(ofNetwork: "net", sparing: [Attachment(containerID: "b", interface: "eth0")])
    #expect(scene.tables.commits == commits)
  }

  @Test(
    "GC of a network leaves what the peer has added, which is nobody's", arguments: Marking.allCases)
  func garbageOfPeers(marking: Marking) throws {
    let scene = FirewallScene(marking)
    try scene.addAsPeer("10.22.0.4", .isolated)
    try scene.add(try FirewallScene.wanted())
    _ = try scene.backend().removeAll(ofNetwork: "net", sparing: [])
    #expect(scene.accepted == ["10.22.0.4"])
    #expect(scene["CNI-ISOLATION-STAGE-1"].count == 3)
  }
}
