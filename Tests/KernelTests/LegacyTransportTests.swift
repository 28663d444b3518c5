// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI
import Glibc
import IPTables
import IPTablesLegacy
import TestSupport
import Testing

@Suite(
  "the transport for iptables-legacy, in a kernel",
  .enabled(if: kernelIsThere, "needs privileges to make network namespaces"))
struct LegacyTransportTests {
  private static let tables = AddressFamily.allCases.flatMap { family in
    IPTable.Name.allCases.map { IPTable($0, family) }
  }

  private func rules(_ family: AddressFamily, _ lines: String...) throws -> [IPTablesRule] {
    try lines.map { try IPTablesRule($0.split(separator: " ").map(String.init), family) }
  }

  @Test(
    "edits appear in the output of iptables-legacy, and other rules keep their counters", arguments: tables,
    LegacyWriter.allCases)
  func edits(table: IPTable, writer: LegacyWriter) throws {
    let host = try LegacyHost(writer)
    let hook = table.name == .nat ? "POSTROUTING" : "FORWARD"
    let last = table.name == .nat ? "[4:40]" : "[6:60]"
    let others =
      table.name == .nat
      ? ":PREROUTING ACCEPT [1:10]\n:INPUT ACCEPT [2:20]\n:OUTPUT ACCEPT [3:30]\n:POSTROUTING ACCEPT \(last)\n"
      : ":INPUT ACCEPT [5:50]\n:FORWARD DROP \(last)\n:OUTPUT ACCEPT [7:70]\n"
    let before = """
      *\(table.name)
      \(others):Foreign - [0:0]
      [11:110] -A \(hook) -m length --length 1:2 -j Foreign
      [12:120] -A \(hook) -g Foreign
      [13:130] -A Foreign -m limit --limit 1/sec
      [14:140] -A Foreign -j RETURN
      COMMIT

      """
    try host.restore(table.family, before)
    #expect(try host.save(table).joined(separator: "\n") + "\n" == before)

    let inside = try rules(table.family, "-i a -j ACCEPT", "-i b -j RETURN", "-i c -j MARK --set-xmark 0x1/0x2")
    let jump = IPTablesRule(target: .jump("Ours"))
    try host.change(table) { (edit) throws(CNIError) in
      try edit.ensureChain("Ours")
      try edit.ensureChain("A-first")
      try edit.fill("Ours", with: inside)
      try edit.ensure(jump, in: hook, atStart: true)
      try edit.ensure(IPTablesRule(target: .jump("A-first")), in: hook)
    }
    // libiptc resets the counters of policies, as iptables-legacy does.
    let kept = writer == .ours ? others : others.replacing(/\[\d+:\d+\]/, with: "[0:0]")
    #expect(
      try host.save(table).joined(separator: "\n") + "\n" == """
        *\(table.name)
        \(kept):A-first - [0:0]
        :Foreign - [0:0]
        :Ours - [0:0]
        [0:0] -A \(hook) -j Ours
        [11:110] -A \(hook) -m length --length 1:2 -j Foreign
        [12:120] -A \(hook) -g Foreign
        [0:0] -A \(hook) -j A-first
        [13:130] -A Foreign -m limit --limit 1/sec
        [14:140] -A Foreign -j RETURN
        [0:0] -A Ours -i a -j ACCEPT
        [0:0] -A Ours -i b -j RETURN
        [0:0] -A Ours -i c -j MARK --set-xmark 0x1/0x2
        COMMIT

        """)

    try host.change(table) { (edit) throws(CNIError) in
      let placed = try edit.rules(of: "Ours") ?? []
      #expect(placed.map(\.rule) == inside.map(Optional.some))
      let found = try edit.rules(of: hook) ?? []
      #expect(found.map(\.jump) == ["Ours", "Foreign", "Foreign", "A-first"])
      #expect(found.map(\.rule) == [jump, nil, nil, IPTablesRule(target: .jump("A-first"))])
      edit.remove(placed[1], from: "Ours")
      for rule in found where rule.jump == "A-first" { edit.remove(rule, from: hook) }
      edit.removeChain("A-first")
    }
    #expect(try host.save(table).filter { $0.contains("A-first") || $0.contains("-i b") }.isEmpty)
    #expect(try host.save(table).contains("[12:120] -A \(hook) -g Foreign"))

    try host.change(table) { (edit) throws(CNIError) in
      for rule in try edit.rules(of: hook) ?? [] where rule.rule == jump { edit.remove(rule, from: hook) }
      edit.removeChain("Ours")
    }
    #expect(try host.save(table).joined(separator: "\n") + "\n" == before.replacing(others, with: kept))
  }

  @Test("each rule can be checked and deleted by hand", arguments: tables, LegacyWriter.allCases)
  func byHand(table: IPTable, writer: LegacyWriter) throws {
    let host = try LegacyHost(writer)
    let texts = try LegacySamples.rules(table)
    let wanted = try texts.map { try IPTablesRule(LegacySamples.words($0), table.family) }
    try host.change(table) { (edit) throws(CNIError) in
      try edit.ensureChain("CHAIN")
      try edit.fill("X", with: wanted)
    }
    #expect(try host.save(table, counters: false).filter { $0.hasPrefix("-A X ") } == texts.map { "-A X \($0)" })
    try host.change(table) { (edit) throws(CNIError) in
      #expect(try edit.rules(of: "X")?.map(\.rule) == wanted.map(Optional.some))
    }
    for verb in ["-C", "-D"] {
      for text in texts {
        try host.legacy(table.family, ["-w", "-t", table.name.rawValue, verb, "X"] + LegacySamples.words(text))
      }
    }
    #expect(try host.save(table).filter { $0.contains("-A X") }.isEmpty)
  }

  @Test("whether a family's tables are in use is found out without making them")
  func isUsed() throws {
    let host = try LegacyHost()
    func used() -> [Bool] {
      host.namespace.run {
        AddressFamily.allCases.map { family in
          IPTable.Name.allCases.contains { LegacyTransport().mayHold(IPTable($0, family)) }
        }
      }
    }
    #expect(used() == [false, false])
    #expect(used() == [false, false])
    try host.legacy(.ip6, ["-w", "-S"])
    #expect(used() == [false, true])
    try host.change(IPTable(.nat, .ip)) { (_) throws(CNIError) in }
    #expect(used() == [true, true])
  }

  @Test("a change that the kernel refuses is an error, and changes nothing", arguments: LegacyWriter.allCases)
  func refused(writer: LegacyWriter) throws {
    let host = try LegacyHost(writer)
    let table = IPTable(.nat, .ip)
    try host.change(table) { (edit) throws(CNIError) in
      try edit.fill("A", with: [IPTablesRule(target: .masquerade(MasqueradeTarget(.ip)))])
      try edit.fill("B", with: [IPTablesRule(target: .jump("A"))])
      edit.append(IPTablesRule(target: .jump("B")), to: "POSTROUTING")
    }
    let before = try host.save(table)
    func failure(_ edit: (inout TableEdit) throws(CNIError) -> Void) throws -> CNIError? {
      do {
        try host.change(table, edit)
        return nil
      } catch let error as CNIError {
        return error
      }
    }
    // MASQUERADE is valid only in POSTROUTING.
    let wrongHook = try failure { (edit) throws(CNIError) in
      edit.append(IPTablesRule(target: .jump("B")), to: "PREROUTING")
    }
    #expect(wrongHook == CNIError(.kernelRefused, "change iptables table nat: Invalid argument"))
    let loop = try failure { (edit) throws(CNIError) in edit.append(IPTablesRule(target: .jump("B")), to: "A") }
    #expect(loop?.code == .kernelRefused)
    let inUse = try failure { (edit) throws(CNIError) in edit.removeChain("A") }
    #expect(inUse?.code == .kernelRefused)
    let missing = try failure { (edit) throws(CNIError) in edit.append(IPTablesRule(target: .jump("C")), to: "A") }
    #expect(missing?.code == .kernelRefused)
    #expect(try host.save(table) == before)
  }

  @Test("20,000 foreign rules stay as they are, with their counters", arguments: LegacyWriter.allCases)
  func thousands(writer: LegacyWriter) throws {
    let host = try LegacyHost(writer)
    let table = IPTable(.nat, .ip)
    var text = "*nat\n:PREROUTING ACCEPT [1:2]\n:INPUT ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n:POSTROUTING ACCEPT [3:4]\n"
    for chain in 0..<2000 { text += ":F\(chain) - [0:0]\n" }
    for number in 0..<20_000 {
      let chain = number % 2000
      let source = "10.\(number >> 16).\(number >> 8 & 255).\(number & 255)"
      let target = chain > 0 && number % 3 == 0 ? "-j F\(chain - 1)" : "-j DNAT --to-destination 10.0.0.1:80"
      text += "[\(number):\(number * 7)] -A F\(chain) -s \(source) -p tcp -m tcp --dport \(number) \(target)\n"
    }
    try host.restore(.ip, text + "COMMIT\n")
    let before = try host.save(table)
    #expect(before.count > 22_000)
    let ours = try rules(.ip, "-p tcp -m tcp --dport 80 -j DNAT --to-destination 10.0.0.1:80")
    try host.change(table) { (edit) throws(CNIError) in
      try edit.fill("CNI-DN-1", with: ours)
      edit.prepend(IPTablesRule(target: .jump("CNI-DN-1")), to: "PREROUTING")
    }
    let between = try host.save(table)
    #expect(between.count == before.count + 3)
    // libiptc resets the counters of policies, as iptables-legacy does.
    func kept(_ lines: [String]) -> [String] { lines.filter { writer == .ours || !$0.contains(" ACCEPT [") } }
    #expect(kept(between.filter { !$0.contains("CNI-DN-1") }) == kept(before))
    try host.change(table) { (edit) throws(CNIError) in
      for rule in try edit.rules(of: "PREROUTING") ?? [] { edit.remove(rule, from: "PREROUTING") }
      edit.removeChain("CNI-DN-1")
    }
    #expect(kept(try host.save(table)) == kept(before))
  }

  @Test("rules of plugins are found in a table of thousands of rules, wherever those are", arguments: tables)
  func amongThousands(table: IPTable) throws {
    let hook = table.name == .nat ? "POSTROUTING" : "FORWARD"
    for foreign in ["AAA", "CNI-ADMIN", "KUBE", hook] {
      let host = try LegacyHost()
      func find() -> [Bool] {
        host.namespace.run {
          ["CNI-OURS", "nobody's", "a guarded"].map { LegacyTransport().mayHold(table, anyOf: ["CNI-NOBODY", $0]) }
        }
      }
      try host.change(table) { (edit) throws(CNIError) in
        try edit.ensureChain(foreign)
        for _ in 0..<2000 { edit.append(IPTablesRule(target: .return), to: foreign) }
        try edit.ensureChain("ZZZ")
      }
      #expect(find() == [false, false, false])
      let comments = try rules(table.family, "-m comment --comment our_comment", "-m comment --comment a_guard")
      try host.change(table) { (edit) throws(CNIError) in
        try edit.ensureChain("CNI-OURS")
        edit.append(comments[0], to: "CNI-OURS")
        edit.append(comments[1], to: hook)
      }
      #expect(find() == [true, false, false])
      #expect(
        host.namespace.run {
          ["our_comment", "a_guard"].allSatisfy { LegacyTransport().mayHold(table, anyOf: [$0]) }
        })
    }
  }
}
