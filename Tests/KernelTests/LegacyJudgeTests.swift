// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI
import TestSupport
import Testing

@testable import IPTables
@testable import IPTablesLegacy

@Suite(
  "tables of iptables-legacy, compared with libiptc",
  .enabled(if: kernelIsThere, "needs privileges to make network namespaces"))
struct LegacyJudgeTests {
  static let tables = AddressFamily.allCases.flatMap { family in IPTable.Name.allCases.map { IPTable($0, family) } }

  /// A host with foreign rules, and a chain with every rule of the fixtures.
  private static func host(_ table: IPTable, _ writer: LegacyWriter) throws -> LegacyHost {
    let host = try LegacyHost(writer)
    let hook = table.name == .nat ? "POSTROUTING" : "FORWARD"
    try host.restore(
      table.family,
      """
      *\(table.name)
      :Foreign - [0:0]
      [11:110] -A \(hook) -m length --length 1:2 -j Foreign
      [12:120] -A \(hook) -g Foreign
      [13:130] -A Foreign -m limit --limit 1/sec
      [14:140] -A Foreign -j RETURN
      COMMIT

      """)
    let rules = try LegacySamples.rules(table).map { try IPTablesRule(LegacySamples.words($0), table.family) }
    try host.change(table) { (edit) throws(CNIError) in
      for chain in ["CHAIN", "Zulu", "Alpha"] { try edit.ensureChain(chain) }
      try edit.fill("X", with: rules)
      edit.prepend(IPTablesRule(target: .jump("CHAIN")), to: hook)
      // No hook jumps to the chain, because some rules are for other hooks.
      edit.append(IPTablesRule(target: .jump("X")), to: "Alpha")
    }
    return host
  }

  /// The contents of a table from the kernel.
  private static func contents(_ host: LegacyHost, _ table: IPTable) throws -> LegacyTable.Contents {
    try host.namespace.run { try #require(try LegacySocket.open(table.family).read(table)) }
  }

  @Test(
    "libiptc reads from our tables the same chains, uses, policies, rules, jumps and bytes as we do", arguments: tables)
  func read(table: IPTable) throws {
    let host = try Self.host(table, .ours)
    let ours = try LegacyTable(table, try Self.contents(host, table))
    let theirs = try host.namespace.run { try LibiptcTable(table) }
    let chains = theirs.chains
    #expect(Set(chains).isSuperset(of: ["Alpha", "CHAIN", "Foreign", "X", "Zulu"]))
    #expect(ours.chains(withPrefix: "") == theirs.chains(withPrefix: ""))
    #expect(ours.states(of: chains) == theirs.states(of: chains))
    let (mine, others) = (ours.allRules(holding: nil), theirs.allRules())
    try #require(mine.count == others.count)
    #expect(mine.count > 10)
    for ((chain, rule), (otherChain, other)) in zip(mine, others) {
      #expect(chain == otherChain)
      #expect(rule.jump == other.jump)
      #expect(rule.rule == other.rule)
      #expect(rule.canDrop == other.canDrop)
      #expect(rule.kept == other.kept)
    }
  }

  @Test("a table that libiptc writes back unchanged has exactly the bytes that we wrote", arguments: tables)
  func unchanged(table: IPTable) throws {
    let host = try Self.host(table, .ours)
    let before = try Self.contents(host, table)
    try host.namespace.run {
      let theirs = try LibiptcTable(table)
      // Without any change libiptc replaces nothing.
      try theirs.apply([.makeChain("New"), .removeChain("New")])
      #expect(try theirs.commit())
    }
    let after = try Self.contents(host, table)
    #expect(before.entries == after.entries)
    #expect(before.info.starts == after.info.starts)
    #expect(before.info.policies == after.info.policies)
  }

  @Test("the same changes make the same bytes, by us and by libiptc", arguments: tables)
  func same(table: IPTable) throws {
    let (ours, theirs) = (try Self.host(table, .ours), try Self.host(table, .libiptc))
    #expect(try Self.contents(ours, table).entries == Self.contents(theirs, table).entries)
    for host in [ours, theirs] {
      try host.change(table) { (edit) throws(CNIError) in
        let rules = try edit.rules(of: "X") ?? []
        for rule in rules.dropFirst(2).prefix(3) { edit.remove(rule, from: "X") }
        edit.restore(rules[0].kept, after: rules[1], in: "X")
        edit.insert(IPTablesRule(target: .return), after: rules[1], in: "X")
        try edit.restore("Y", with: rules.map(\.kept))
        edit.removeChain("Alpha")
      }
    }
    #expect(try Self.contents(ours, table).entries == Self.contents(theirs, table).entries)
    #expect(try ours.save(table) == theirs.save(table))
  }

  @Test("firewall's rules in FORWARD are the same with libiptc, and both find them complete")
  func forwardGate() throws {
    let hosts = try LegacyWriter.allCases.map { (host: try LegacyHost($0), writer: $0) }
    for (host, writer) in hosts {
      // A foreign rule drops forwarded packets, and there is an administrator's chain.
      for family in AddressFamily.allCases {
        try host.restore(family, "*filter\n:FORWARD DROP [0:0]\n:CNI-ADMIN - [0:0]\n-A CNI-ADMIN -j RETURN\nCOMMIT\n")
      }
      try host.namespace.run {
        let transport = writer.transport(lockFile: host.lockFile, milliseconds: 60_000)
        let gate = IPTablesForwardGate([transport], adminChain: "CNI-ADMIN", bit: 12) { Issue.record("\($0)") }
        #expect(try !gate.problems(for: AddressFamily.allCases).isEmpty)
        try gate.open(for: AddressFamily.allCases)
        for judge in LegacyWriter.allCases {
          let other = judge.transport(lockFile: host.lockFile, milliseconds: 60_000)
          let read = IPTablesForwardGate([other], adminChain: "CNI-ADMIN", bit: 12) { Issue.record("\($0)") }
          #expect(try read.problems(for: AddressFamily.allCases) == [])
          #expect(try read.closedTables(for: AddressFamily.allCases) == [])
        }
      }
    }
    for table in Self.tables where table.name == .filter {
      #expect(try Self.contents(hosts[0].host, table).entries == Self.contents(hosts[1].host, table).entries)
    }
  }
}
