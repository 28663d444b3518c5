// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI
import Rules
import Testing

@testable import IPTables

@Suite struct IPTablesForwardGateTests {
  private static let admin = FirewallRules.jumpToAdmin("CNI-ADMIN").text
  private static let mark = FirewallRules.acceptMarked(bit: 12).text
  private static let forwarding = FirewallRules.jumpToForwarding.text
  private static let (table, table6) = (IPTable(.filter, .ip), IPTable(.filter, .ip6))

  private let tables = MemoryTransport()

  private func gate(
    _ transports: [MemoryTransport]? = nil, admin: String = "CNI-ADMIN", bit: Int = 12,
    note: @escaping (String) -> Void = { Issue.record("\($0)") }
  ) -> IPTablesForwardGate {
    IPTablesForwardGate(transports ?? [tables], adminChain: admin, bit: bit, note: note)
  }

  @Test(
    "the constant rule is written behind the administrator's jump, in each family that is asked for",
    arguments: [[.ip], [.ip6], [.ip, .ip6], []] as [[AddressFamily]])
  func open(families: [AddressFamily]) throws {
    try gate().open(for: families)
    for family in AddressFamily.allCases {
      let table = IPTable(.filter, family)
      let isWanted = families.contains(family)
      #expect(tables.rules(table, "FORWARD") == (isWanted ? [Self.forwarding] : []))
      #expect(tables.rules(table, "CNI-FORWARD") == (isWanted ? [Self.admin, Self.mark] : []))
      #expect((tables.chains[table]?.keys.contains("CNI-ADMIN") ?? false) == isWanted)
    }
    #expect(tables.commits == families.count)
  }

  @Test("a second ADD changes nothing, and nothing is written for each container")
  func again() throws {
    for _ in 0..<3 { try gate().open(for: AddressFamily.allCases) }
    #expect(tables.commits == 2)
  }

  @Test("it comes before accepts and drops of others, and the administrator's chain stays first")
  func others() throws {
    try tables.append(["-j DROP"], to: "FORWARD", of: Self.table)
    try tables.append(["-s 10.22.0.5/32 -j ACCEPT", Self.admin, "-j DROP"], to: "CNI-FORWARD", of: Self.table)
    try gate().open(for: [.ip])
    #expect(tables.rules(Self.table, "FORWARD") == [Self.forwarding, "-j DROP"])
    #expect(
      tables.rules(Self.table, "CNI-FORWARD") == [Self.admin, Self.mark, "-s 10.22.0.5/32 -j ACCEPT", "-j DROP"])
  }

  @Test("isolation stays before it")
  func isolation() throws {
    let scene = FirewallScene()
    try scene.add(try FirewallScene.wanted(FirewallScene.owner(), ["10.22.0.5"], .isolated))
    let forward = scene["FORWARD"]
    try gate([scene.tables]).open(for: [.ip])
    #expect(scene["FORWARD"] == forward)
    #expect(scene["CNI-FORWARD"].prefix(2) == [Self.admin, Self.mark])
    #expect(scene.accepted == ["10.22.0.5"])
    // Later ADDs with accepts leave the gate at its place.
    try scene.remove(FirewallScene.owner())
    #expect(scene["CNI-FORWARD"] == [Self.admin, Self.mark])
  }

  @Test("networks with other administrator's chains, or with other bits, do not move each other's rules")
  func several() throws {
    for _ in 0..<3 {
      try gate().open(for: [.ip])
      try gate(admin: "MINE").open(for: [.ip])
      try gate(bit: 13).open(for: [.ip])
    }
    let rules = tables.rules(Self.table, "CNI-FORWARD")
    #expect(rules.prefix(2) == [FirewallRules.jumpToAdmin("MINE").text, Self.admin])
    #expect(Set(rules.dropFirst(2)) == [Self.mark, FirewallRules.acceptMarked(bit: 13).text] && rules.count == 4)
    #expect(tables.commits == 3)
  }

  @Test("each variant that is used has the rule")
  func transports() throws {
    let all = [MemoryTransport(), MemoryTransport()]
    try gate(all).open(for: [.ip])
    #expect(all.map { $0.rules(Self.table, "CNI-FORWARD") } == [[Self.admin, Self.mark], [Self.admin, Self.mark]])
    #expect(try gate(all).problems(for: AddressFamily.allCases).allSatisfy { $0.hasPrefix("ip6tables table filter: ") })
  }

  @Test("CHECK names what is missing, with the table, and changes nothing")
  func problems() throws {
    try gate().open(for: AddressFamily.allCases)
    #expect(try gate().problems(for: AddressFamily.allCases).isEmpty)
    try tables.change(Self.table) { (edit) throws(CNIError) in
      for rule in try edit.rules(of: "CNI-FORWARD") ?? [] where rule.rule?.text == Self.mark {
        edit.remove(rule, from: "CNI-FORWARD")
      }
    }
    let commits = tables.commits
    #expect(
      try gate().problems(for: AddressFamily.allCases) == [
        "iptables table filter: missing: -A CNI-FORWARD \(Self.mark)"
      ])
    #expect(try gate().problems(for: [.ip6]).isEmpty)
    #expect(tables.commits == commits)
    try gate().open(for: [.ip])
    #expect(try gate().problems(for: AddressFamily.allCases).isEmpty)
  }

  @Test("a flush of FORWARD closes the gate")
  func flushed() throws {
    try gate().open(for: [.ip])
    try tables.change(Self.table) { (edit) throws(CNIError) in try edit.fill("FORWARD", with: []) }
    #expect(try gate().problems(for: [.ip]) == ["iptables table filter: missing: -A FORWARD \(Self.forwarding)"])
  }

  @Test(
    "only a table that drops forwarded packets and lacks the rule is closed",
    arguments: [true, false], [true, false])
  func closedTables(hasPolicy: Bool, isOpened: Bool) throws {
    if isOpened { try gate().open(for: [.ip]) }
    #expect(try gate().closedTables(for: [.ip]).isEmpty)
    let commits = tables.commits
    if hasPolicy {
      tables.policies["FORWARD"] = .drop
    } else {
      try tables.append(["-j DROP"], to: "FORWARD", of: Self.table)
    }
    #expect(try gate().closedTables(for: [.ip]) == (isOpened ? [] : ["iptables table filter"]))
    #expect(tables.commits == commits)
  }

  @Test("CHECK and STATUS do not read a table that holds nothing")
  func unused() throws {
    tables.unused = [Self.table, Self.table6]
    tables.failure = CNIError(.kernelRefused, "no table")
    #expect(try gate().problems(for: AddressFamily.allCases).isEmpty)
    #expect(try gate().closedTables(for: AddressFamily.allCases).isEmpty)
  }

  @Test("a missing table that cannot be made is only a note, because it drops nothing")
  func unmade() throws {
    tables.unused = [Self.table6]
    tables.refused = [Self.table6]
    var notes: [String] = []
    try gate { notes.append($0) }.open(for: AddressFamily.allCases)
    #expect(notes == ["no ip6tables table filter"])
    #expect(tables.rules(Self.table, "CNI-FORWARD") == [Self.admin, Self.mark])
  }

  @Test("a table that is there and cannot be written is an error, also for CHECK and STATUS")
  func refused() throws {
    let failure = CNIError(.kernelRefused, "no iptables table filter")
    tables.refused = [Self.table]
    #expect(throws: failure) { try gate().open(for: AddressFamily.allCases) }
    #expect(throws: failure) { try gate().problems(for: [.ip]) }
    #expect(throws: failure) { try gate().closedTables(for: [.ip]) }
  }
}
