// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI
import Rules
import Testing

@testable import IPTables

/// The rules that ADD writes, and CHECK of them.
@Suite struct IPTablesFirewallTests {
  private static let accepts5 = [
    "-d 10.22.0.5/32 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT", "-s 10.22.0.5/32 -j ACCEPT",
  ]

  @Test("the rules are upstream's, word for word, with an exception for published ports and nothing else")
  func rules() throws {
    let scene = FirewallScene()
    scene.tables.missingFamilies = [.ip6]
    try scene.add(try FirewallScene.wanted(FirewallScene.owner(), ["10.22.0.5"], .isolated))
    let comment = #"-m comment --comment "CNI firewall plugin rules"#
    let (stage1, stage2) = ("CNI-ISOLATION-STAGE-1", "CNI-ISOLATION-STAGE-2")
    #expect(
      scene.tables.rules(scene.table).sorted()
        == [
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
        ].sorted())
    #expect(scene.chains.filter { scene[$0].isEmpty } == ["CNI-ADMIN"])
    #expect(scene.tables.rules(scene.table6).isEmpty)
    #expect(scene.record.owners == [FirewallScene.owner()])
  }

  @Test("each family has the accepts of its own addresses, and a family without addresses is not touched")
  func families() throws {
    let scene = FirewallScene()
    try scene.add(try FirewallScene.wanted(FirewallScene.owner(), ["10.22.0.5", "fd00::5"], .sameBridge))
    #expect(scene.accepted == ["10.22.0.5"])
    #expect(scene.tables.rules(scene.table6, "CNI-FORWARD").last == "-s fd00::5/128 -j ACCEPT")
    #expect(scene.tables.rules(scene.table6, "CNI-ISOLATION-STAGE-1").count == 3)
    let four = FirewallScene()
    try four.add(try FirewallScene.wanted())
    #expect(four.tables.rules(four.table6).isEmpty && four.tables.commits == 1)
  }

  @Test(
    "a repeated ADD changes nothing, and CHECK finds nothing and changes nothing",
    arguments: [nil, .sameBridge, .isolated] as [Isolation.Kind?])
  func repeated(kind: Isolation.Kind?) throws {
    let scene = FirewallScene()
    let wanted = try FirewallScene.wanted(FirewallScene.owner(), ["10.22.0.5", "fd00::5"], kind)
    #expect(try !scene.problems(wanted).isEmpty)
    #expect(scene.tables.commits == 0)
    try scene.add(wanted)
    #expect(scene.tables.commits == 2)
    try scene.add(wanted)
    #expect(try scene.problems(wanted).isEmpty)
    #expect(scene.tables.commits == 2)
  }

  @Test("CHECK names missing rules with their table, and missing parts of the record")
  func problems() throws {
    let scene = FirewallScene()
    try scene.add(try FirewallScene.wanted(FirewallScene.owner(), ["10.22.0.6"]))
    let others = try FirewallScene.wanted(FirewallScene.owner(), ["10.22.0.6", "10.22.0.5"])
    #expect(
      Set(try scene.problems(others))
        == Set(
          Self.accepts5.map { "iptables table filter: missing: -A CNI-FORWARD \($0)" } + [
            "the accept of 10.22.0.5 is missing"
          ]))
    #expect(scene.tables.commits == 1)
  }

  @Test(
    "CHECK finds each removed rule, and ADD repairs it",
    arguments: [Isolation.Kind.sameBridge, .isolated])
  func damaged(kind: Isolation.Kind) throws {
    let scene = FirewallScene()
    scene.tables.unused = [scene.table6]
    let wanted = try FirewallScene.wanted(FirewallScene.owner(), ["10.22.0.5"], kind)
    try scene.add(wanted)
    let whole = scene.all
    for chain in scene.chains {
      for index in scene[chain].indices {
        try scene.tables.change(scene.table) { (edit) throws(CNIError) in
          guard let rule = try edit.rules(of: chain)?[index] else { return }
          edit.remove(rule, from: chain)
        }
        #expect(scene.all.count == whole.count - 1)
        let commits = scene.tables.commits
        #expect(try !scene.problems(wanted).isEmpty)
        #expect(scene.tables.commits == commits)
        try scene.add(wanted)
        #expect(try scene.problems(wanted).isEmpty)
        #expect(scene.all == whole)
      }
    }
  }

  @Test("CHECK says that another container has the address")
  func takenOver() throws {
    let scene = FirewallScene()
    let wanted = try FirewallScene.wanted()
    try scene.add(wanted)
    let takeovers = try scene.add(try FirewallScene.wanted(FirewallScene.owner("other")))
    #expect(takeovers == [Takeover(of: "10.22.0.5", previous: "net/id/eth0")])
    #expect(try scene.problems(wanted) == ["the accept of 10.22.0.5 belongs to net/other/eth0"])
  }

  @Test("an ADD with other addresses removes the accepts of the former ones, of both families")
  func otherAddresses() throws {
    let scene = FirewallScene()
    try scene.add(try FirewallScene.wanted(FirewallScene.owner("other"), ["10.22.0.9"]))
    try scene.add(try FirewallScene.wanted(FirewallScene.owner(), ["10.22.0.5", "10.22.0.6", "fd00::5"]))
    try scene.add(try FirewallScene.wanted(FirewallScene.owner(), ["10.22.0.6", "10.22.0.7"]))
    #expect(scene.accepted == ["10.22.0.7", "10.22.0.6", "10.22.0.9"])
    #expect(scene["CNI-FORWARD"].count == 7)
    // IPv6 is not wanted any more.
    #expect(scene.tables.rules(scene.table6, "CNI-FORWARD").count == 1)
  }

  @Test("an ADD without addresses removes the owner's rules, and does not read empty tables")
  func noAddresses() throws {
    let scene = FirewallScene()
    try scene.add(try FirewallScene.wanted())
    try scene.add(ForwardFilterRequest(FirewallScene.owner()))
    #expect(scene.accepted.isEmpty && scene.record.owners.isEmpty)
    let commits = scene.tables.commits
    scene.tables.unused = [scene.table, scene.table6]
    scene.tables.failure = CNIError(.kernelRefused, "no table")
    try scene.add(ForwardFilterRequest(FirewallScene.owner()))
    #expect(scene.tables.commits == commits)
  }

  @Test("tables that can be read are enough for STATUS, and those that cannot are code 50 with the reason")
  func probe() throws {
    let scene = FirewallScene()
    try scene.backend().probe()
    #expect(scene.tables.commits == 0)
    scene.tables.failure = CNIError(.kernelRefused, "no table")
    #expect(throws: CNIError(.notAvailable, "no table")) { try scene.backend().probe() }
  }
}

// MARK: - An ADD that fails

extension IPTablesFirewallTests {
  @Test(
    "a failure after the change undoes it, and the first error is reported",
    arguments: [nil, .sameBridge, .isolated] as [Isolation.Kind?])
  func failure(kind: Isolation.Kind?) throws {
    let scene = FirewallScene()
    try scene.fail(try FirewallScene.wanted(FirewallScene.owner(), ["10.22.0.5", "fd00::5"], kind))
    #expect(scene.accepted.isEmpty)
    #expect(scene.isolation.isEmpty)
    #expect(scene["FORWARD"].count == 1)
    #expect(scene.tables.rules(scene.table6, "CNI-FORWARD").count == 1)
    #expect(scene.record.owners.isEmpty)
  }

  @Test(
    "a repeated ADD with other options that fails leaves the former rules",
    arguments: [nil, .sameBridge, .isolated] as [Isolation.Kind?])
  func failedAgain(kind: Isolation.Kind?) throws {
    let scene = FirewallScene()
    let former = try FirewallScene.wanted(FirewallScene.owner(), ["10.22.0.5", "10.22.0.6", "fd00::5"], kind)
    try scene.add(try FirewallScene.wanted(FirewallScene.owner("other"), ["10.22.0.9"]))
    try scene.add(former)
    let before = scene.all
    let others = [
      try FirewallScene.wanted(FirewallScene.owner(), ["10.22.0.6", "10.22.0.7"], .sameBridge),
      try FirewallScene.wanted(FirewallScene.owner(), ["fd00::5"], .isolated, on: "cni1"),
      try FirewallScene.wanted(FirewallScene.owner(), []),
    ]
    for other in others {
      try scene.fail(other)
      #expect(try scene.problems(former).isEmpty)
      #expect(scene.all == before)
    }
  }

  @Test(
    "an ADD that fails leaves the accepts and isolation that upstream has added",
    arguments: [nil, Isolation.Kind.sameBridge, .isolated])
  func failedOverUpstreams(kind: Isolation.Kind?) throws {
    let scene = FirewallScene()
    try scene.addAsUpstream("10.22.0.5", kind)
    let before = scene["CNI-FORWARD"].sorted()
    let isolation = Set(scene.isolation)
    try scene.fail(try FirewallScene.wanted(FirewallScene.owner(), ["10.22.0.5", "10.22.0.6"], kind))
    #expect(scene["CNI-FORWARD"].sorted() == before)
    #expect(Set(scene.isolation).isSuperset(of: isolation))
    #expect(kind != nil || scene.isolation.isEmpty)
    #expect(scene.record.owners.isEmpty)
  }

  @Test(
    "an isolation that an ADD has failed with, or does not ask for any more, goes also where upstream has containers on other bridges"
  )
  func otherBridges() throws {
    let scene = FirewallScene()
    try scene.addAsUpstream("10.23.0.4", .sameBridge, on: "cni1")
    let isolation = scene.isolation
    try scene.fail(try FirewallScene.wanted(FirewallScene.owner(), ["10.22.0.5"], .sameBridge))
    #expect(!scene.isolation.contains { $0.contains("cni0") })
    try scene.add(try FirewallScene.wanted(FirewallScene.owner(), ["10.22.0.5"], .sameBridge))
    try scene.add(try FirewallScene.wanted(FirewallScene.owner(), ["10.22.0.5"]))
    #expect(!scene.isolation.contains { $0.contains("cni0") })
    #expect(Set(scene.isolation).isSuperset(of: isolation))
  }

  @Test("an ADD that fails returns an address to its former owner")
  func failedTakeover() throws {
    let scene = FirewallScene()
    let former = try FirewallScene.wanted(FirewallScene.owner("former"), ["10.22.0.5"], .sameBridge)
    try scene.add(former)
    let before = scene.all
    try scene.fail(try FirewallScene.wanted(FirewallScene.owner(), ["10.22.0.5", "10.22.0.6"]))
    #expect(scene.all == before)
    #expect(try scene.problems(former).isEmpty)
  }

  @Test("a table that cannot be written fails ADD, and nothing is recorded")
  func refused() throws {
    let scene = FirewallScene()
    scene.tables.failure = CNIError(.kernelRefused, "no table")
    let error = #expect(throws: CNIError.self) { try scene.add(try FirewallScene.wanted()) }
    #expect(error?.code == .kernelRefused && error?.message == "no table")
    #expect(scene.record.owners.isEmpty)
    let other = FirewallScene()
    other.record.failure = CNIError(.kernelRefused, "no record")
    #expect(throws: CNIError(.kernelRefused, "no record")) { try other.add(try FirewallScene.wanted()) }
    #expect(other.tables.commits == 0)
  }
}
