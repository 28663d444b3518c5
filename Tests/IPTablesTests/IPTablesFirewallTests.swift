// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI
import Rules
import Testing

@testable import IPTables

/// What is added, and that it is found again.
@Suite struct IPTablesFirewallTests {
  private static let accepts5 = [
    "-d 10.22.0.5/32 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT", "-s 10.22.0.5/32 -j ACCEPT",
  ]

  @Test("the rules are the peer's, word for word, and beside them the owner's marks", arguments: Marking.allCases)
  func rules(marking: Marking) throws {
    let scene = FirewallScene(marking)
    try scene.add(try FirewallScene.wanted(FirewallScene.owner(), ["10.22.0.5"], .isolated))
    let comment = #"-m comment --comment "CNI firewall plugin rules"#
    let (stage1, stage2) = ("CNI-ISOLATION-STAGE-1", "CNI-ISOLATION-STAGE-2")
    let wishes: [Wish] = try FirewallRules(FirewallScene.wanted(), .ip).wishes
    let marks = (wishes + [.isolation(of: "cni0", .sameBridge), .isolation(of: "cni0", .isolated)]).map { wish in
      let mark = marking.mark(wish, OwnerTag(FirewallScene.owner()))
      return "-A \(mark.chain) \(mark.rule.text)"
    }
    #expect(
      scene.tables.rules(scene.table).sorted()
        == (marks + [
          #"-A CNI-FORWARD -m comment --comment "CNI firewall plugin admin overrides" -j CNI-ADMIN"#,
          "-A CNI-FORWARD \(Self.accepts5[0])", "-A CNI-FORWARD \(Self.accepts5[1])",
          #"-A \#(stage1) -m conntrack --ctstate DNAT \#(comment) (published ports)" -j RETURN"#,
          #"-A \#(stage1) -i cni0 ! -o cni0 \#(comment) (ingressPolicy: same-bridge)" -j \#(stage2)"#,
          #"-A \#(stage1) -i cni0 -o cni0 \#(comment) (ingressPolicy: isolated)" -j DROP"#,
          #"-A \#(stage1) \#(comment) (ingressPolicy: same-bridge|isolated)" -j RETURN"#,
          #"-A \#(stage2) -o cni0 \#(comment) (ingressPolicy: same-bridge|isolated)" -j DROP"#,
          #"-A \#(stage2) \#(comment) (ingressPolicy: same-bridge|isolated)" -j RETURN"#,
          #"-A FORWARD \#(comment) (ingressPolicy: same-bridge|isolated)" -j \#(stage1)"#,
          #"-A FORWARD \#(comment)" -j CNI-FORWARD"#,
        ]).sorted())
    let empty = marking == .byOwner ? ["CNI-ADMIN", "CNI-FB-cni0", "CNI-FI-cni0", "CNI-OWNERS"] : ["CNI-ADMIN"]
    #expect(scene.chains.filter { scene[$0].isEmpty } == empty)
    #expect(scene.tables.rules(IPTable(.filter, .ip6)).isEmpty)
  }

  @Test("each family has the rules of its own addresses", arguments: Marking.allCases)
  func families(marking: Marking) throws {
    let (four, six) = (FirewallScene(marking), IPTable(.filter, .ip6))
    try four.add(try FirewallScene.wanted(FirewallScene.owner(), ["10.22.0.5", "fd00::5"], .sameBridge))
    #expect(four.accepted == ["10.22.0.5"])
    #expect(four.tables.rules(six, "CNI-FORWARD").last == "-s fd00::5/128 -j ACCEPT")
    #expect(Set(four.marks) == ["10.22.0.5/32", "CNI-FB-cni0"])
    #expect(Set(four.marks(six)) == ["fd00::5/128", "CNI-FB-cni0"])
    #expect(four.tables.rules(six, "CNI-ISOLATION-STAGE-1").count == 3)
  }

  @Test(
    "a repeated ADD changes nothing, and CHECK finds nothing and changes nothing",
    arguments: [nil, .sameBridge, .isolated] as [Isolation.Kind?], Marking.allCases)
  func repeated(kind: Isolation.Kind?, marking: Marking) throws {
    let scene = FirewallScene(marking)
    let wanted = try FirewallScene.wanted(FirewallScene.owner(), ["10.22.0.5", "fd00::5"], kind)
    #expect(try !scene.backend().verify(wanted).isEmpty)
    #expect(scene.tables.commits == 0)
    try scene.add(wanted)
    #expect(scene.tables.commits == 2)
    try scene.add(wanted)
    #expect(try scene.backend().verify(wanted).isEmpty)
    #expect(scene.tables.commits == 2)
  }

  @Test("CHECK says what is missing, with the table")
  func problems() throws {
    let scene = FirewallScene()
    try scene.add(try FirewallScene.wanted(FirewallScene.owner(), ["10.22.0.6"]))
    let others = try FirewallScene.wanted(FirewallScene.owner(), ["10.22.0.6", "10.22.0.5"])
    let problems = try scene.backend().verify(others)
    #expect(problems.allSatisfy { $0.hasPrefix("iptables table filter: ") })
    for accept in Self.accepts5 {
      #expect(problems.contains("iptables table filter: missing: -A CNI-FORWARD \(accept)"))
    }
    #expect(problems.contains { $0.contains(" -s 10.22.0.5/32 ") && $0.hasSuffix("-j CNI-OWNERS") })
    #expect(!problems.contains { $0.contains("-A CNI-FORWARD -s 10.22.0.6") })
    #expect(scene.tables.commits == 1)
  }

  @Test(
    "an ADD with other addresses removes the accepts and the marks of the former ones", arguments: Marking.allCases)
  func otherAddresses(marking: Marking) throws {
    let scene = FirewallScene(marking)
    try scene.add(try FirewallScene.wanted(FirewallScene.owner("other"), ["10.22.0.9"]))
    try scene.add(try FirewallScene.wanted(FirewallScene.owner(), ["10.22.0.5", "10.22.0.6", "fd00::5"]))
    try scene.add(try FirewallScene.wanted(FirewallScene.owner(), ["10.22.0.6", "10.22.0.7"]))
    #expect(scene.accepted == ["10.22.0.7", "10.22.0.6", "10.22.0.9"])
    #expect(scene["CNI-FORWARD"].count == 7)
    #expect(Set(scene.marks) == ["10.22.0.6/32", "10.22.0.7/32", "10.22.0.9/32"])
    // IPv6 is not wanted any more.
    #expect(scene.tables.rules(IPTable(.filter, .ip6), "CNI-FORWARD").count == 1)
    #expect(scene.marks(IPTable(.filter, .ip6)).isEmpty)
  }

  @Test(
    "an ADD without addresses removes what the owner had, but looks into no table that holds nothing",
    arguments: Marking.allCases)
  func noAddresses(marking: Marking) throws {
    let scene = FirewallScene(marking)
    try scene.add(try FirewallScene.wanted())
    scene.tables.unused = [scene.table]
    let commits = scene.tables.commits
    try scene.add(OwnedRules(owner: FirewallScene.owner(), rules: []))
    #expect(scene.tables.commits == commits)
    scene.tables.unused = []
    try scene.add(OwnedRules(owner: FirewallScene.owner(), rules: []))
    #expect(scene.accepted.isEmpty)
    #expect(scene.marks.isEmpty)
  }

  @Test(
    "what fails after the change undoes it, and the first error is told", arguments: Marking.allCases)
  func failure(marking: Marking) throws {
    let scene = FirewallScene(marking)
    let failure = CNIError(.inputOutput, "no")
    #expect(throws: failure) {
      _ = try scene.backend().apply(
        FirewallScene.wanted(FirewallScene.owner(), ["10.22.0.5"], .isolated), onConflict: .replace
      ) {
        () throws(CNIError) in throw failure
      }
    }
    #expect(scene.accepted.isEmpty)
    #expect(scene.marks.isEmpty)
    #expect(scene.isolation.isEmpty)
    #expect(scene["FORWARD"].count == 1)
  }

  @Test(
    "an ADD that is repeated with something else and fails leaves what there was", arguments: Marking.allCases,
    [nil, .sameBridge, .isolated] as [Isolation.Kind?])
  func failedAgain(marking: Marking, kind: Isolation.Kind?) throws {
    let scene = FirewallScene(marking)
    let former = try FirewallScene.wanted(FirewallScene.owner(), ["10.22.0.5", "10.22.0.6", "fd00::5"], kind)
    try scene.add(try FirewallScene.wanted(FirewallScene.owner("other"), ["10.22.0.9"]))
    try scene.add(former)
    let tables = [scene.table, IPTable(.filter, .ip6)]
    let before = tables.map { scene.tables.rules($0).sorted() }
    let others = [
      try FirewallScene.wanted(FirewallScene.owner(), ["10.22.0.6", "10.22.0.7"], .sameBridge),
      try FirewallScene.wanted(FirewallScene.owner(), ["fd00::5"], .isolated, on: "cni1"),
      try FirewallScene.wanted(FirewallScene.owner(), []),
    ]
    for other in others {
      let failure = CNIError(.inputOutput, "no")
      #expect(throws: failure) {
        _ = try scene.backend().apply(other, onConflict: .replace) { () throws(CNIError) in throw failure }
      }
      #expect(try scene.backend().verify(former).isEmpty)
      #expect(tables.map { scene.tables.rules($0).sorted() } == before)
    }
  }

  @Test(
    "an ADD over what the peer has added that fails leaves the peer's accepts and isolation",
    arguments: Marking.allCases,
    [nil, Isolation.Kind.sameBridge, .isolated])
  func failedOverPeers(marking: Marking, kind: Isolation.Kind?) throws {
    let scene = FirewallScene(marking)
    try scene.addAsPeer("10.22.0.5", kind)
    let before = scene["CNI-FORWARD"].sorted()
    let isolation = Set(scene.isolation)
    let failure = CNIError(.inputOutput, "no")
    #expect(throws: failure) {
      let wanted = try FirewallScene.wanted(FirewallScene.owner(), ["10.22.0.5"], kind)
      _ = try scene.backend().apply(wanted, onConflict: .replace) { () throws(CNIError) in throw failure }
    }
    #expect(scene["CNI-FORWARD"].sorted() == before)
    #expect(Set(scene.isolation).isSuperset(of: isolation))
    #expect(kind != nil || scene.isolation.isEmpty)
    #expect(scene.marks.isEmpty)
  }

  @Test("rules are written by each transport, and looked for at each place")
  func places() throws {
    let all = [FirewallScene(), FirewallScene(), FirewallScene()]
    let backend = IPTablesFirewall(
      IPTablesSettings(), transports: all.prefix(2).map(\.tables), places: all.map(\.tables))
    let wanted = try FirewallScene.wanted()
    _ = try backend.apply(wanted, onConflict: .replace) {}
    try all[2].add(wanted)
    #expect(all.map(\.accepted) == [["10.22.0.5"], ["10.22.0.5"], ["10.22.0.5"]])
    #expect(try backend.verify(wanted).isEmpty)
    _ = try backend.remove(wanted.owner, hint: [], ports: [])
    #expect(all.allSatisfy { $0.accepted.isEmpty })
    // The third is no place where they are to be.
    #expect(try backend.verify(wanted).filter { $0.contains("-s 10.22.0.5/32 -j ACCEPT") }.count == 2)
  }

  @Test("tables that can be read are enough for STATUS, and those that cannot are code 50 with the reason")
  func probe() throws {
    let scene = FirewallScene()
    try scene.backend().probe()
    #expect(scene.tables.commits == 0)
    scene.tables.failure = CNIError(.kernelRefused, "no table")
    #expect(throws: CNIError(.notAvailable, "no table")) { try scene.backend().probe() }
    #expect(throws: CNIError(.kernelRefused, "no table")) { try scene.add(try FirewallScene.wanted()) }
  }
}
