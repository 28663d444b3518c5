// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI
import OwnTable
import Rules
import TestSupport
import Testing

@testable import IPTables
@testable import IPTablesLegacy

@Suite(
  "the variants in which a host can drop forwarded packets", .enabled(if: Namespace.obstacle == nil, "needs privileges")
)
struct IPTablesHostTests {
  private let host: Namespace

  init() throws { host = try Namespace() }

  private var canDrop: Bool {
    get throws {
      try host.run {
        try IPTablesSettings.Variant.allCases.contains {
          try IPTablesHost(legacy: LegacyTransport()).canDropForwarded($0)
        }
      }
    }
  }

  /// Adds rules to a new chain, and a jump to it from the hook's chain.
  private func add(_ rules: [IPTablesRule], to chain: String, _ family: AddressFamily = .ip) throws {
    try host.run {
      try NFTCompatTransport().change(IPTable(.filter, family)) { (edit) throws(CNIError) in
        if chain != "FORWARD" {
          try edit.ensureChain(chain)
          edit.append(IPTablesRule(target: .jump(chain)), to: "FORWARD")
        }
        for rule in rules { edit.append(rule, to: chain) }
      }
    }
  }

  @Test("a host without rules drops nothing, and no table is made by looking")
  func empty() throws {
    #expect(try !canDrop)
    let (nft, legacy) = host.run { (NFTCompatTransport().presence(), LegacyTransport().presence()) }
    #expect(nft == .empty && legacy != .used)
    let isThere = try host.run {
      try NFTCompatTransport().change(IPTable(.filter, .ip)) { (edit) throws(CNIError) in try edit.has("FORWARD") }
    }
    #expect(!isThere)
  }

  @Test("rules of either family drop, in the chain or in one that it jumps to", arguments: AddressFamily.allCases)
  func rules(family: AddressFamily) throws {
    try add([IPTablesRule(target: .accept), IPTablesRule(target: .return)], to: "FORWARD", family)
    #expect(try !canDrop)
    try add([IPTablesRule(target: .drop)], to: "MINE", family)
    #expect(try canDrop)
  }

  @Test("rules of plugins do not count as dropping")
  func plugins() throws {
    let wanted = try FirewallScene.wanted(FirewallScene.owner(), ["10.22.0.5", "fd00::5"], .isolated)
    try host.run {
      let backend = try IPTablesHost(legacy: LegacyTransport()).firewall(
        IPTablesSettings(variant: .nft), record: NFTablesFirewall())
      _ = try backend.apply(wanted)
      try gate(IPTablesSettings(variant: .nft))?.open(for: AddressFamily.allCases)
    }
    #expect(try !canDrop)
    try add([IPTablesRule(target: .drop)], to: "CNI-ADMIN")
    #expect(try canDrop)
  }

  @Test("accepts are written where packets are dropped, or where the configuration says, together with the record")
  func backends() throws {
    try add([IPTablesRule(target: .drop)], to: "FORWARD")
    let wanted = try FirewallScene.wanted()
    let record = NFTablesFirewall()
    for settings in [IPTablesSettings(), IPTablesSettings(variant: .nft)] {
      let (before, isRecorded, after) = try host.run {
        let backend = try IPTablesHost(legacy: LegacyTransport()).firewall(settings, record: record)
        try backend.probe()
        _ = try backend.apply(wanted)
        let problems = try backend.verify(wanted)
        let isRecorded = try record.hasRules(of: wanted.attachment)
        try backend.remove(ForwardFilterRequest(wanted.attachment))
        return (problems, isRecorded, try backend.verify(wanted))
      }
      #expect(before.isEmpty && isRecorded)
      #expect(!after.isEmpty)
      #expect(try host.run { try !record.hasRules(of: wanted.attachment) })
      #expect(try !forward().contains { $0.contains("10.22.0.5") })
    }
  }

  @Test("an ADD that fails leaves neither rules nor record")
  func failed() throws {
    let wanted = try FirewallScene.wanted()
    let record = NFTablesFirewall()
    let failure = CNIError(.inputOutput, "no")
    #expect(throws: failure) {
      try host.run {
        let backend = try IPTablesHost(legacy: LegacyTransport()).firewall(
          IPTablesSettings(variant: .nft), record: record)
        try backend.apply(wanted).complete { () throws(CNIError) in throw failure }
      }
    }
    #expect(try !forward().contains { $0.contains("10.22.0.5") })
    #expect(try host.run { try !record.hasRules(of: wanted.attachment) })
  }
}

// MARK: - The gate

extension IPTablesHostTests {
  private static let mark = FirewallRules.acceptMarked(bit: 12).text

  /// The rules of CNI-FORWARD in nf_tables.
  private func forward(_ family: AddressFamily = .ip) throws -> [String] {
    try host.run {
      try NFTCompatTransport().change(IPTable(.filter, family)) { (edit) throws(CNIError) in
        try (edit.rules(of: FirewallRules.forwarding) ?? []).compactMap { $0.rule?.text }
      }
    }
  }

  private func gate(
    _ settings: IPTablesSettings = IPTablesSettings(), programs: [String] = [],
    note: @escaping (String) -> Void = { _ in }
  ) throws(CNIError) -> IPTablesForwardGate? {
    try IPTablesHost(legacy: LegacyTransport(), programs: programs).forwardGate(settings, bit: 12, note: note)
  }

  @Test("a host without the program iptables and without rules in its tables needs no gate")
  func noIPTables() throws {
    #expect(try host.run { try gate(programs: ["/nonexistent/iptables"]) } == nil)
  }

  @Test("a host with the program gets the gate before any rule drops packets, and reading makes no table")
  func program() throws {
    let folder = try TemporaryFolder()
    let program = try folder.add("", named: "xtables-nft-multi")
    let found = try host.run { () -> ([String], [String]) in
      let opener = try #require(try gate(programs: ["/nonexistent/iptables", program]))
      return (try opener.problems(for: AddressFamily.allCases), try opener.closedTables(for: AddressFamily.allCases))
    }
    #expect(!found.0.isEmpty && found.1.isEmpty)
    #expect(try !host.command("nft", "list", "ruleset").contains("table"))
    try host.run { try gate(programs: [program])?.open(for: [.ip]) }
    #expect(try forward().last == Self.mark)
    #expect(try forward(.ip6).isEmpty)
    #expect(try host.run { try gate(programs: [program])?.problems(for: [.ip]) } == [])
  }

  @Test("a table whose FORWARD drops by its policy is used, though there is no rule in it and no program")
  func policy() throws {
    try host.command("iptables-nft", "-P", "FORWARD", "DROP")
    let opener = try #require(try host.run { try gate() })
    #expect(try host.run { try opener.closedTables(for: AddressFamily.allCases) } == ["iptables table filter"])
    try host.run { try opener.open(for: AddressFamily.allCases) }
    #expect(try host.run { try opener.closedTables(for: AddressFamily.allCases) }.isEmpty)
    #expect(try forward().last == Self.mark && forward(.ip6).last == Self.mark)
    let listed = try host.command("iptables-nft", "-S", "CNI-FORWARD")
    #expect(listed.contains(Self.mark))
  }

  @Test("a table with rules is used, whatever the program is")
  func rulesOfOthers() throws {
    try add([IPTablesRule(target: .return)], to: "FORWARD")
    try host.run { try gate()?.open(for: [.ip]) }
    #expect(try forward().last == Self.mark)
  }

  @Test(
    "if the program is the legacy one, or the configuration says so, the gate is in legacy tables and not in nf_tables",
    arguments: [true, false])
  func legacy(isAsked: Bool) throws {
    let folder = try TemporaryFolder()
    let program = try folder.add("", named: "xtables-legacy-multi")
    var notes: [String] = []
    let (isThere, problems) = try host.run { () -> (Bool, [String]?) in
      let settings = IPTablesSettings(variant: isAsked ? .legacy : nil)
      let opener = try gate(settings, programs: isAsked ? [] : [program]) { notes.append($0) }
      try opener?.open(for: [.ip])
      return (LegacyTransport().mayHold(IPTable(.filter, .ip)), try opener?.problems(for: [.ip]))
    }
    #expect(problems == [])
    // A kernel without these tables says so.
    #expect(isThere == notes.isEmpty)
    #expect(try !host.command("nft", "list", "ruleset").contains("table"))
  }

  @Test("a legacy table that is there and holds nothing is not used, and one whose FORWARD drops is")
  func legacyPolicy() throws {
    // Without support in the kernel, or without the program, there is nothing to test.
    guard (try? host.command("iptables-legacy", "-S")) != nil else { return }
    #expect(try host.run { try gate() } == nil)
    try host.command("iptables-legacy", "-P", "FORWARD", "DROP")
    let opener = try #require(try host.run { try gate() })
    #expect(try host.run { try opener.closedTables(for: AddressFamily.allCases) } == ["iptables table filter"])
    try host.run { try opener.open(for: [.ip]) }
    #expect(try host.run { try opener.closedTables(for: AddressFamily.allCases) }.isEmpty)
    #expect(try host.command("iptables-legacy", "-S", "CNI-FORWARD").contains(Self.mark))
  }

  @Test("a variant that the configuration names is the only one")
  func variant() throws {
    try host.command("iptables-nft", "-P", "FORWARD", "DROP")
    try host.run { try gate(IPTablesSettings(variant: .legacy))?.open(for: [.ip]) }
    #expect(try forward().isEmpty)
    try host.run { try gate(IPTablesSettings(variant: .nft))?.open(for: [.ip]) }
    #expect(try forward().last == Self.mark)
  }
}
