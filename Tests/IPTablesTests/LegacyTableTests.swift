// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI
import Testing

@testable import IPTables
@testable import IPTablesLegacy

@Suite("a table of iptables-legacy") struct LegacyTableTests {
  @Test("the fixtures are there")
  func fixtures() { #expect(GoldenTable.all.count > 50) }

  @Test("is laid out as it was if nothing is changed", arguments: GoldenTable.all)
  func unchanged(golden: GoldenTable) throws {
    let table = try LegacyTable(golden.table, golden.contents)
    let layout = try table.laidOut()
    #expect(Array(layout.replacement.dropFirst(96)) == Array(golden.contents.entries.dropFirst(40)))
    #expect(layout.count == golden.contents.info.count)
    #expect(layout.kept.map(\.before) == [0..<layout.count])
    #expect(layout.kept.map(\.now) == [0])
  }

  @Test("that is changed has the bytes that iptables-legacy makes of it", arguments: GoldenTable.all)
  func changed(golden: GoldenTable) throws {
    guard let edit = golden.edit else { return }
    let table = try LegacyTable(golden.table, golden.contents)
    var collected = TableEdit(table.table, table)
    try edit(&collected)
    var changed = table
    try changed.apply(collected.changes)
    let layout = try changed.laidOut()
    #expect(Array(layout.replacement[..<88]) == Array(golden.replacement[..<88]))
    #expect(golden.withoutCounters(layout.replacement[96...]) == golden.withoutCounters(golden.replacement[96...]))
    #expect(layout.count == Int(golden.counters.integer32(at: 32)))
  }

  @Test("nearly all commands of the fixtures can be expressed as our changes")
  func commands() { #expect(GoldenTable.all.count { $0.edit != nil } == 44) }

  @Test("rules are read with the chains that they go to")
  func rules() throws {
    let golden = try #require(GoldenTable.all.last { $0.family == .ip && $0.command.contains("-P FORWARD") })
    let table = try LegacyTable(golden.table, golden.contents)
    #expect(table.rules(of: "FORWARD").map(\.jump) == ["CNI-FORWARD"])
    #expect(
      table.rules(of: "CNI-FORWARD").map { $0.rule?.text } == [
        "-m comment --comment \"CNI firewall plugin rules\" -j CNI-ADMIN",
        "-d 10.22.0.5/32 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT", "-s 10.22.0.5/32 -j ACCEPT",
      ])
    #expect(table.rules(of: "INPUT") == [])
    #expect(table.rules(of: "CNI-ADMIN") == [])
    for name in ["", "ERROR", "PREROUTING", "CNI-", "CNI-ADMIN2", "A", "Z"] {
      #expect(table.states(of: [name]).isEmpty)
    }
  }

  @Test("with several changes: rules are removed in between, chains flushed, filled, removed and made again")
  func pieces() throws {
    var model = try LegacyTable(.init(.nat, .ip), GoldenTable.empty(.ip).contents)
    let returns = try (0..<10).map { try IPTablesRule(["-s", "10.0.0.\($0)"], .ip) }
    func read(_ table: LegacyTable) throws -> LegacyTable {
      try LegacyTable(table.table, GoldenTable.contents(of: table.laidOut()))
    }
    try model.apply([.makeChain("B"), .makeChain("A"), .makeChain("C"), .makeChain("A")])
    try model.apply(returns.map { .insert($0, into: "B", .end) })
    try model.apply([.insert(IPTablesRule(target: .jump("B")), into: "A", .start)])
    try model.apply([.insert(IPTablesRule(target: .jump("A")), into: "OUTPUT", .start)])
    var table = try read(model)
    #expect(table.rules(of: "B").map(\.rule) == returns.map(Optional.some))
    #expect(table.rules(of: "A").map(\.jump) == ["B"])
    #expect(table.rules(of: "OUTPUT").map(\.jump) == ["A"])

    let placed = table.rules(of: "B")
    for index in [4, 0, 9, 5, 4, 3] { try table.apply([.remove(placed[index], from: "B")]) }
    try table.apply([.insert(returns[0], into: "B", .end), .insert(returns[9], into: "B", .start)])
    var again = try read(table)
    #expect(again.rules(of: "B").map(\.rule) == [9, 1, 2, 6, 7, 8, 0].map { returns[$0] })
    #expect(again.rules(of: "A").map(\.jump) == ["B"])

    try again.apply([.removeChain("B"), .removeChain("B"), .removeChain("no")])
    #expect(throws: CNIError.self) { _ = try again.laidOut() }
    try again.apply([.makeChain("B"), .insert(returns[2], into: "B", .end)])
    #expect(try read(again).rules(of: "B").map(\.rule) == [returns[2]])
    #expect(try read(again).rules(of: "A").map(\.jump) == ["B"])
    try again.apply([.removeChain("B"), .flush("A"), .flush("OUTPUT"), .removeChain("A"), .removeChain("C")])
    #expect(try read(again).bytes[40...] == GoldenTable.empty(.ip).contents.entries[40...])
  }

  @Test("changes that cannot be made are errors")
  func impossible() throws {
    let rule = IPTablesRule(target: .return)
    let changes: [TableEdit.Change] = [
      .makeChain(""), .makeChain(String(repeating: "x", count: 29)), .makeChain("a\0b"), .removeChain("OUTPUT"),
      .flush("none"), .insert(rule, into: "none", .start),
      .insert(
        IPTablesRule(
          matches: [RuleMatch](repeating: .comment(CommentMatch("x")), count: 300), target: .return), into: "OUTPUT",
        .start),
    ]
    for change in changes {
      var table = try LegacyTable(.init(.nat, .ip), GoldenTable.empty(.ip).contents)
      #expect(throws: CNIError.self, "\(change)") { try table.apply([change]) }
    }
    for chain in ["none", "OUTPUT", "ERROR", ""] {
      var table = try LegacyTable(.init(.nat, .ip), GoldenTable.empty(.ip).contents)
      try table.apply([.insert(IPTablesRule(target: .jump(chain)), into: "OUTPUT", .start)])
      #expect(throws: CNIError.self, "\(chain)") { _ = try table.laidOut() }
    }
  }

  @Test("that ends too early, wherever, is an error", arguments: [AddressFamily.ip, .ip6])
  func truncated(family: AddressFamily) throws {
    let golden = try #require(
      GoldenTable.all.filter { $0.family == family }.max {
        $0.contents.entries.count < $1.contents.entries.count
      })
    let all = golden.contents
    for length in 0..<all.entries.count - 40 {
      let bytes = Array(all.entries.prefix(40 + length))
      for count in [all.info.count, all.info.count - 1, length / 152] {
        let info = try #require(GoldenTable.info(all.info, count: count, size: length))
        for info in [info, all.info] where (try? LegacyTable(golden.table, .init(info: info, entries: bytes))) != nil {
          Issue.record("\(length) bytes are a table")
        }
      }
    }
  }

  @Test("never traps, whatever the bytes are, and what can be read is laid out as it was")
  func hostile() throws {
    var readable = 0
    for round in 0..<6_000 {
      let golden = GoldenTable.all[round % GoldenTable.all.count]
      var bytes = golden.contents.entries
      let header = EntryFormat(golden.family).header
      for _ in 0..<Int.random(in: 1...4) {
        // Sometimes in the most sensitive fields: the sizes and the target of an entry.
        let place =
          Bool.random()
          ? Int.random(in: 40..<bytes.count)
          : 40 + (header + 40) * Int.random(in: 0..<4) + header + Int.random(in: -24..<40)
        bytes[place] = Bool.random() ? .random(in: 0 ... .max) : bytes[place] ^ 1 << UInt8.random(in: 0..<8)
      }
      let contents = LegacyTable.Contents(info: golden.contents.info, entries: bytes)
      guard let table = try? LegacyTable(golden.table, contents) else { continue }
      readable += 1
      for name in ["PREROUTING", "FORWARD", "CNI-HOSTPORT-DNAT", "CNI-DN-0123456789abcdef01234", "CNI-FORWARD"] {
        _ = table.rules(of: name)
      }
      // A chain with another name may be sorted elsewhere.
      let isSorted = table.sorted == table.sorted.sorted()
      let output = try Array(table.laidOut().replacement.dropFirst(96))
      let isSame = isSorted ? output == Array(bytes.dropFirst(40)) : output.count == bytes.count - 40
      if !isSame { Issue.record("changed without a change") }
    }
    #expect(readable > 200)
    for _ in 0..<5_000 {
      let bytes = (0..<Int.random(in: 0...600)).map { _ in UInt8.random(in: 0...3) }
      let info = try #require(LegacyTableInfo((0..<84).map { _ in .random(in: 0...3) }))
      _ = try? LegacyTable(.init(.nat, .ip), .init(info: info, entries: bytes))
      if let info = GoldenTable.info(info, count: .random(in: 0...4), size: max(0, bytes.count - 40)) {
        _ = try? LegacyTable(.init(.nat, .ip), .init(info: info, entries: bytes))
      }
    }
  }
}

// MARK: - Tables that can drop

extension LegacyTableTests {
  /// Whether a forwarded packet can be dropped in a table.
  private static func canDrop(_ table: LegacyTable, leavingOut: String = "") throws -> Bool {
    var edit = TableEdit(table.table, table)
    return try edit.canDrop(in: "FORWARD") { $0 == leavingOut }
  }

  @Test("drops forwarded packets by a changed policy, and not before", arguments: GoldenTable.all)
  func policy(golden: GoldenTable) throws {
    let table = try LegacyTable(golden.table, golden.contents)
    let own = GoldenTable.all.filter { $0.table == golden.table }.map(\.command)
    let change = own.firstIndex { $0.contains("-P FORWARD DROP") } ?? own.endIndex
    let isDropping = (own.firstIndex(of: golden.command) ?? own.endIndex) > change
    let isForwardDropping = isDropping && golden.table.name == .filter
    #expect(
      table.states(of: ["FORWARD"]).map(\.isDropping) == (golden.table.name == .filter ? [isForwardDropping] : []))
    #expect(try Self.canDrop(table) == isForwardDropping)
    let others = ["INPUT", "OUTPUT", "PREROUTING", "CNI-FORWARD", "CNI-ADMIN", "none"]
    #expect(table.states(of: others).allSatisfy { !$0.isDropping })
    if golden.table.name == .filter {
      for chain in ["FORWARD", "CNI-FORWARD", "CNI-ADMIN"] {
        #expect(table.rules(of: chain).allSatisfy { !$0.canDrop })
      }
    }
  }

  @Test("drops by a rule wherever packets reach it, but not by harmless targets")
  func dropping() throws {
    let mark = IPTablesRule(target: .mark(MarkTarget(1, mask: 1)))
    let drop = IPTablesRule(target: .drop)
    var table = try LegacyTable(
      .init(.filter, .ip), try #require(GoldenTable.all.first { $0.table == .init(.filter, .ip) }).contents)
    try table.apply([
      .makeChain("A"), .insert(mark, into: "A", .start), .insert(IPTablesRule(target: .return), into: "A", .start),
      .insert(IPTablesRule(target: .accept), into: "A", .end),
      .insert(IPTablesRule(target: .jump("A")), into: "FORWARD", .start), .insert(drop, into: "INPUT", .start),
    ])
    table = try LegacyTable(table.table, GoldenTable.contents(of: table.laidOut()))
    #expect(table.rules(of: "INPUT").map(\.canDrop) == [true])
    #expect(table.rules(of: "A").map(\.canDrop) == [false, false, false])
    #expect(try !Self.canDrop(table))
    try table.apply([.insert(drop, into: "A", .end)])
    table = try LegacyTable(table.table, GoldenTable.contents(of: table.laidOut()))
    #expect(table.rules(of: "A").map(\.canDrop) == [false, false, false, true])
    #expect(try Self.canDrop(table))
    #expect(try !Self.canDrop(table, leavingOut: "A"))
  }

  @Test("with patterns it returns the rules that contain one, or jump to a chain of that name")
  func patterns() throws {
    let golden = try #require(GoldenTable.all.last { $0.family == .ip && $0.command.contains("-P FORWARD") })
    let table = try LegacyTable(golden.table, golden.contents)
    func found(_ chain: String, _ patterns: [[UInt8]]) -> [String]? {
      table.rules(of: chain, holding: patterns).map { $0.rule?.target.text ?? "" }
    }
    #expect(found("CNI-FORWARD", []) == [])
    #expect(found("CNI-FORWARD", [[10, 22, 0, 5]]) == ["-j ACCEPT", "-j ACCEPT"])
    #expect(found("CNI-FORWARD", [[10, 22, 0, 6]]) == [])
    #expect(found("CNI-FORWARD", [Array("CNI-ADMIN".utf8)]) == ["-j CNI-ADMIN"])
    #expect(found("INPUT", [[0]]) == [])
    #expect(found("none", [[0]]) == [])
    #expect(table.rules(of: "CNI-FORWARD", until: { $0.rule?.target == .accept }).count == 2)
    let all = table.allRules(holding: [[10, 22, 0, 5]])
    #expect(all.map(\.chain) == ["CNI-FORWARD", "CNI-FORWARD"])
    #expect(table.allRules(holding: nil).map(\.chain).contains("FORWARD"))
  }

  @Test("returns use counts of chains, from their rules and the jumps to them, and the present chains")
  func uses() throws {
    let golden = try #require(GoldenTable.all.last { $0.family == .ip && $0.command.contains("-P FORWARD") })
    let table = try LegacyTable(golden.table, golden.contents)
    let chains = ["FORWARD", "CNI-FORWARD", "CNI-ADMIN", "INPUT", "none"]
    #expect(table.states(of: chains).map(\.uses) == [1, 4, 1, 0])
    #expect(table.chains(withPrefix: "CNI-") == ["CNI-ADMIN", "CNI-FORWARD"])
    #expect(table.chains(withPrefix: "FOR").isEmpty)
  }

  @Test("inserts a rule behind another one, or at the start if that one is gone")
  func after() throws {
    var table = try LegacyTable(.init(.nat, .ip), GoldenTable.empty(.ip).contents)
    let rules = try (0..<4).map { try IPTablesRule(["-s", "10.0.0.\($0)"], .ip) }
    try table.apply([.makeChain("B")] + rules.prefix(2).map { .insert($0, into: "B", .end) })
    table = try LegacyTable(table.table, GoldenTable.contents(of: table.laidOut()))
    let placed = table.rules(of: "B")
    try table.apply([
      .insert(rules[2], into: "B", .after(placed[0])), .remove(placed[1], from: "B"),
      .insert(rules[3], into: "B", .after(placed[1])),
    ])
    table = try LegacyTable(table.table, GoldenTable.contents(of: table.laidOut()))
    #expect(table.rules(of: "B").map(\.rule) == [3, 0, 2].map { rules[$0] })
  }
}
