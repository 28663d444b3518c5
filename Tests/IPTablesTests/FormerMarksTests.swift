// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI
import Digest
import Rules
import Testing

@testable import IPTables

/// Containers that versions before 0.2 have added, with ownership records in the tables of iptables.
@Suite struct FormerMarksTests {
  /// The form of an owner's former record.
  enum Form: CaseIterable {
    /// A chain for each owner, with a comment.
    case byOwner
    /// Chains that all owners share, with names in the place of interfaces.
    case byWish
  }

  private static let (a, b) = (FirewallScene.owner("a"), FirewallScene.owner("b"))

  /// Writes the rules of a former version for a container; each owner of an address had a pair of accepts.
  private static func add(_ wanted: ForwardFilterRequest, _ form: Form, _ scene: FirewallScene) throws {
    let tag = AttachmentTag(wanted.attachment)
    let (text, network) = (tag.text, tag.network)
    let isolation = wanted.isolations.first
    for family in AddressFamily.allCases {
      let addresses = wanted.accepts.map(\.address).filter { $0.family == family }
      if addresses.isEmpty { continue }
      let bridges =
        isolation.map { ($0.kind == .isolated ? ["CNI-FB-", "CNI-FI-"] : ["CNI-FB-"]).map { $0 + "cni0" } } ?? []
      let table = IPTable(.filter, family)
      try scene.tables.change(table) { (edit) throws(CNIError) in
        try edit.writeForwarding(
          adminChain: "CNI-ADMIN", isIsolating: isolation != nil, adding: addresses.flatMap(FirewallRules.accepts))
        if let isolation { try edit.isolate(isolation) }
        for chain in ["CNI-OWNERS"] + bridges { try edit.ensureChain(chain) }
      }
      switch form {
      case .byOwner:
        let own = "CNI-FO-\(sha512(text).prefix(21))"
        let comment = #"-m comment --comment "\#(text)""#
        try scene.tables.append(addresses.map { "-s \($0) \(comment) -j CNI-OWNERS" }, to: own, of: table)
        try scene.tables.append(bridges.map { "\(comment) -j \($0)" }, to: own, of: table)
      case .byWish:
        let name = network.utf8.count <= 15 ? network : String(sha512(network).prefix(15))
        let label = "-i \(name) -o \(sha512(text).prefix(15)) -j RETURN"
        try scene.tables.append(addresses.map { "-s \($0) \(label)" }, to: "CNI-OWNERS", of: table)
        for bridge in bridges { try scene.tables.append([label], to: bridge, of: table) }
      }
    }
    if let port = isolation?.port { scene.record.ports["cni0", default: []].append(port) }
  }

  /// The rules that are former records, of both families.
  private static func marks(_ scene: FirewallScene) -> [String] {
    scene.all.filter {
      $0.hasPrefix("-A CNI-FO-") || $0.contains("-j CNI-OWNERS") || $0.contains(/-A CNI-(OWNERS|F[BI]-)/)
    }
  }

  private static let leftovers = ["CNI-OWNERS", "CNI-FB-cni0", "CNI-FI-cni0"]

  @Test("the records are those that former versions wrote")
  func golden() throws {
    let wanted = try FirewallScene.wanted(FirewallScene.owner(), ["10.22.0.5"], .isolated)
    // printf net/id/eth0 | sha512sum
    let (chain, comment) = ("CNI-FO-ef59506865d5ba66a96d1", #"-m comment --comment "net/id/eth0" -j"#)
    let label = "-i net -o ef59506865d5ba6 -j RETURN"
    let expected: [Form: [String]] = [
      .byOwner: [
        "-A \(chain) -s 10.22.0.5/32 \(comment) CNI-OWNERS", "-A \(chain) \(comment) CNI-FB-cni0",
        "-A \(chain) \(comment) CNI-FI-cni0",
      ],
      .byWish: [
        "-A CNI-OWNERS -s 10.22.0.5/32 \(label)", "-A CNI-FB-cni0 \(label)", "-A CNI-FI-cni0 \(label)",
      ],
    ]
    for form in Form.allCases {
      let scene = FirewallScene()
      try Self.add(wanted, form, scene)
      #expect(Set(Self.marks(scene)) == Set(expected[form] ?? []))
    }
    #expect(FormerMarks.chain(AttachmentTag(wanted.attachment)) == chain)
  }

  @Test("DEL finds the rules of a former version by its records alone, in both families", arguments: Form.allCases)
  func remove(form: Form) throws {
    let scene = FirewallScene()
    try Self.add(try FirewallScene.wanted(Self.a, ["10.22.0.5", "10.22.0.6", "fd00::5"]), form, scene)
    try Self.add(try FirewallScene.wanted(Self.b, ["10.22.0.7"]), form, scene)
    try scene.remove(Self.a)
    #expect(scene.accepted == ["10.22.0.7"])
    #expect(scene.tables.rules(scene.table6, "CNI-FORWARD").count == 1)
    #expect(Self.marks(scene).count == 1)
    #expect(!scene.chains.contains(FormerMarks.chain(AttachmentTag(Self.a))))
    try scene.remove(Self.b)
    #expect(scene.accepted.isEmpty && Self.marks(scene).isEmpty)
    let commits = scene.tables.commits
    try scene.remove(Self.b)
    #expect(scene.tables.commits == commits)
  }

  @Test("CHECK of such a container passes, and finds an accept that is missing", arguments: Form.allCases)
  func check(form: Form) throws {
    let scene = FirewallScene()
    let wanted = try FirewallScene.wanted(Self.a, ["10.22.0.5"], .isolated)
    try Self.add(wanted, form, scene)
    #expect(try scene.problems(wanted).isEmpty)
    try scene.removeAsUpstream("10.22.0.5")
    #expect(try scene.problems(wanted).count == 2)
  }

  @Test("both forms are understood side by side in one table, as after a restore from the other variant")
  func sideBySide() throws {
    for collects in [false, true] {
      let scene = FirewallScene()
      let owners = ["a", "b", "c", "d"].map { FirewallScene.owner($0) }
      for (index, owner) in owners.enumerated() {
        try Self.add(try FirewallScene.wanted(owner, ["10.22.0.\(index)"]), Form.allCases[index % 2], scene)
      }
      // A container with records in both forms.
      try Self.add(try FirewallScene.wanted(owners[0], ["10.22.0.0"]), .byWish, scene)
      if collects {
        try scene.collect(sparing: ["c", "d"])
      } else {
        for owner in owners.prefix(2) { try scene.remove(owner) }
      }
      #expect(Set(scene.accepted) == ["10.22.0.2", "10.22.0.3"])
      #expect(Self.marks(scene).count == 2)
    }
  }

  @Test(
    "an address in another former owner's record stays until that owner's DEL", arguments: Form.allCases, Form.allCases)
  func shared(first: Form, second: Form) throws {
    let scene = FirewallScene()
    try Self.add(try FirewallScene.wanted(Self.a, ["10.22.0.5"], .isolated), first, scene)
    try Self.add(try FirewallScene.wanted(Self.b, ["10.22.0.5"], .sameBridge), second, scene)
    scene.record.ports = [:]
    try scene.remove(Self.a)
    #expect(Set(scene.accepted) == ["10.22.0.5"])
    #expect(!scene.isolation.isEmpty)
    try scene.remove(Self.b)
    #expect(scene.accepted.isEmpty && scene.isolation.isEmpty)
  }

  @Test(
    "an address that is recorded for another attachment stays at a former owner's DEL or GC", arguments: Form.allCases,
    [false, true])
  func recorded(form: Form, collects: Bool) throws {
    let scene = FirewallScene()
    let former = try FirewallScene.wanted(Self.a, ["10.22.0.5", "10.22.0.6"], .isolated)
    let next = try FirewallScene.wanted(FirewallScene.owner("b", network: "other"), ["10.22.0.5"], .isolated)
    try Self.add(former, form, scene)
    try scene.add(next)
    if collects { try scene.collect() } else { try scene.remove(Self.a, hint: former) }
    #expect(scene.accepted == ["10.22.0.5"])
    #expect(try scene.problems(next).isEmpty)
    #expect(Self.marks(scene).isEmpty)
  }

  @Test(
    "an ADD of the same attachment records it in our table, and removes its former records", arguments: Form.allCases)
  func addedAgain(form: Form) throws {
    let scene = FirewallScene()
    try Self.add(try FirewallScene.wanted(Self.a, ["10.22.0.5", "10.22.0.6"], .isolated), form, scene)
    let wanted = try FirewallScene.wanted(Self.a, ["10.22.0.6"], .sameBridge)
    try scene.add(wanted)
    #expect(Self.marks(scene).isEmpty)
    #expect(scene.accepted == ["10.22.0.6"])
    #expect(scene.record.owners == [Self.a])
    #expect(try scene.problems(wanted).isEmpty)
    let commits = scene.tables.commits
    try scene.add(wanted)
    #expect(scene.tables.commits == commits)
    try scene.remove(Self.a)
    #expect(scene.accepted.isEmpty && scene.isolation.isEmpty)
  }

  @Test(
    "a former owner's DEL, at which its port still exists, removes its isolation unless upstream has containers",
    arguments: Form.allCases, [false, true])
  func isolation(form: Form, hasUpstreams: Bool) throws {
    let scene = FirewallScene()
    if hasUpstreams { try scene.addAsUpstream("10.22.0.4", .isolated) }
    try Self.add(try FirewallScene.wanted(Self.a, ["10.22.0.5", "fd00::5"], .isolated), form, scene)
    let isolation = scene.isolation
    try scene.remove(Self.a)
    #expect(scene.isolation == (hasUpstreams ? isolation : []))
    #expect(scene.tables.rules(scene.table6).filter { $0.hasPrefix("-A CNI-ISOLATION") }.isEmpty)
  }

  @Test(
    "GC leaves the isolation of a former owner that its list names, though no port is on the bridge",
    arguments: Form.allCases)
  func sparedIsolation(form: Form) throws {
    let scene = FirewallScene()
    try Self.add(try FirewallScene.wanted(Self.a, ["10.22.0.5"], .isolated), form, scene)
    scene.record.ports = [:]
    let before = scene.all
    try scene.collect(sparing: ["a"])
    try scene.collect("other")
    #expect(scene.all == before)
  }

  @Test(
    "GC removes former records of a network except those of the list, and then empty chains",
    arguments: Form.allCases)
  func collect(form: Form) throws {
    let scene = FirewallScene()
    let networks = ["net", "net", "net2", "net"]
    let owners = zip(["a", "b", "a", "c"], networks).map { FirewallScene.owner($0, network: $1) }
    for (index, owner) in owners.enumerated() {
      try Self.add(try FirewallScene.wanted(owner, ["10.22.0.\(index)"], .isolated), form, scene)
    }
    scene.record.ports = [:]
    try scene.collect(sparing: ["b"])
    #expect(Set(scene.accepted) == ["10.22.0.1", "10.22.0.2"])
    #expect(Self.marks(scene).count == 6)
    try scene.collect()
    try scene.collect("net2")
    #expect(scene.accepted.isEmpty && Self.marks(scene).isEmpty)
    for _ in 0..<2 { try scene.collect() }
    #expect(!scene.chains.contains { $0.hasPrefix("CNI-FO-") || Self.leftovers.contains($0) })
    #expect(scene.chains == ["CNI-ADMIN", "CNI-FORWARD", "FORWARD"])
  }

  @Test("GC removes chains of owners that were flushed")
  func flushed() throws {
    let scene = FirewallScene()
    try Self.add(try FirewallScene.wanted(Self.a), .byOwner, scene)
    try scene.tables.change(scene.table) { (edit) throws(CNIError) in
      for chain in try edit.chains(withPrefix: "CNI-FO-") { try edit.fill(chain, with: []) }
    }
    try scene.collect(sparing: ["a"])
    #expect(!scene.chains.contains { $0.hasPrefix("CNI-FO-") })
  }

  @Test(
    "a network whose name is too long for an interface is found by its hash",
    arguments: ["15-byte-network", "16-bytes-network", String(repeating: "n", count: 100)])
  func longNetwork(name: String) throws {
    let scene = FirewallScene()
    for (index, id) in ["a", "b", "c"].enumerated() {
      let owner = FirewallScene.owner(id, network: name)
      try Self.add(try FirewallScene.wanted(owner, ["10.22.0.\(index)"]), .byWish, scene)
    }
    try scene.remove(FirewallScene.owner("a", network: name))
    #expect(scene.accepted == ["10.22.0.2", "10.22.0.1"])
    try scene.collect(name, sparing: ["b"])
    #expect(scene.accepted == ["10.22.0.1"])
    try scene.collect(String(name.dropLast()))
    #expect(scene.accepted == ["10.22.0.1"])
  }

  @Test("foreign rules in these chains, and unknown labels, stay")
  func foreign() throws {
    let scene = FirewallScene()
    try Self.add(try FirewallScene.wanted(Self.a), .byWish, scene)
    let others = ["-s 10.22.0.9/32 -j RETURN", "-i net -j RETURN", "-j ACCEPT"]
    try scene.tables.append(others, to: "CNI-OWNERS", of: scene.table)
    try scene.remove(Self.a)
    try scene.collect()
    #expect(scene["CNI-OWNERS"] == others)
  }
}
