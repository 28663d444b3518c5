// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI
import Glibc
import IPTables
import JSON
import OS
import TestSupport
import Testing

@Suite("the tables of iptables-nft", .enabled(if: kernelIsThere, "needs privileges to make network namespaces"))
struct NFTCompatTests {
  /// A table with the rules of the fixtures that belong in it.
  struct TableCase: CustomTestStringConvertible, Sendable {
    let table: IPTable
    let rules: [(text: String, words: [String])]

    var testDescription: String { "\(table)" }
    private var prefix: String { table.family == .ip ? "iptables-nft" : "ip6tables-nft" }

    /// Runs the program iptables.
    @discardableResult
    func iptables(_ node: Namespace, _ words: [String]) throws -> Outcome {
      let environment = ["PATH": Program.standardPath]
      return try node.run {
        try Program(prefix).run(["-t", table.name.rawValue] + words, environment: environment)
      }
    }

    func restore(_ node: Namespace, _ lines: [String]) throws {
      let input = ["*\(table.name.rawValue)"] + lines + ["COMMIT", ""]
      try node.command("\(prefix)-restore", "--noflush", input: input.joined(separator: "\n"))
    }

    /// The rules of the chain X as the program prints them.
    func listed(_ node: Namespace) throws -> [String] {
      let lines = try node.command(prefix, "-t", table.name.rawValue, "-S", "X").split(separator: "\n").map(String.init)
      return lines.filter { $0.hasPrefix("-A X ") }.map { String($0.dropFirst("-A X ".count)) }
    }

    func change<T>(_ node: Namespace, _ edit: (inout TableEdit) throws(CNIError) -> T) throws -> T {
      try node.run { try NFTCompatTransport().change(table, edit) }
    }

    func parsed() throws -> [IPTablesRule] { try rules.map { try IPTablesRule($0.words, table.family) } }

    /// Makes the chains, and with `rules` the rules too.
    func write(_ node: Namespace) throws {
      let rules = try parsed()
      try change(node) { (edit) throws(CNIError) in
        try edit.ensureChain("CHAIN")
        try edit.ensureChain("X")
        for rule in rules { edit.append(rule, to: "X") }
      }
    }
  }

  static let tables: [TableCase] = {
    let folder = #filePath.split(separator: "/").dropLast(2).map { "/\($0)" }.joined()
    let text = (try? FileDescriptor.open("\(folder)/Fixtures/iptables-rules.jsonl").readAll()) ?? []
    var groups: [IPTable: [(text: String, words: [String])]] = [:]
    for line in text.split(separator: 0x0a) {
      guard let field = (try? JSON(parsing: Array(line))).map({ Field($0) }) else { continue }
      func string(_ name: String) -> String { ((try? field[name].string()) ?? nil) ?? "" }
      guard let name = IPTable.Name(rawValue: string("table")) else { continue }
      let rule = string("rule")
      groups[IPTable(name, string("family") == "ip" ? .ip : .ip6), default: []].append((rule, words(of: rule)))
    }
    return groups.map { TableCase(table: $0.key, rules: $0.value) }.sorted { "\($0.table)" < "\($1.table)" }
  }()

  /// The words of a line of iptables-save, some of them in quotation marks.
  private static func words(of line: String) -> [String] {
    var words: [String] = []
    var word: String?
    var (isQuoted, isEscaped) = (false, false)
    for character in line {
      if isEscaped || !(character == "\\" || character == "\"" || character == " " && !isQuoted) {
        word = (word ?? "") + String(character)
        isEscaped = false
      } else if character == "\\" {
        isEscaped = true
      } else if character == "\"" {
        isQuoted.toggle()
        word = word ?? ""
      } else if let end = word {
        words.append(end)
        word = nil
      }
    }
    return words + (word.map { [$0] } ?? [])
  }

  @Test("there are rules of both tables and both families")
  func fixtures() {
    #expect(Self.tables.count == 4)
    #expect(Self.tables.reduce(0) { $0 + $1.rules.count } > 300)
  }

  @Test("the program iptables lists, finds and deletes the rules that we write", arguments: tables)
  func written(tableCase: TableCase) throws {
    let node = try Namespace()
    try tableCase.write(node)
    #expect(try tableCase.listed(node) == tableCase.rules.map(\.text))
    for (text, words) in tableCase.rules {
      let outcome = try tableCase.iptables(node, ["-C", "X"] + words)
      #expect(outcome.status == 0, "\(text): \(outcome.errorText)")
    }
    // In reverse order, so that a rule that is mistaken for another one is noticed.
    for (index, rule) in tableCase.rules.enumerated().reversed() {
      let outcome = try tableCase.iptables(node, ["-D", "X"] + rule.words)
      #expect(outcome.status == 0, "\(rule.text): \(outcome.errorText)")
      if index % 20 == 0 { #expect(try tableCase.listed(node) == tableCase.rules.prefix(index).map(\.text)) }
    }
  }

  @Test("rules that the program iptables has written are read as the same rules", arguments: tables)
  func read(tableCase: TableCase) throws {
    let node = try Namespace()
    try tableCase.restore(node, [":CHAIN -", ":X -"] + tableCase.rules.map { "-A X \($0.text)" })
    let rules = try tableCase.change(node) { (edit) throws(CNIError) in try edit.rules(of: "X") }
    #expect(try rules?.map(\.rule) == tableCase.parsed().map(Optional.some))
    for (index, rule) in (rules ?? []).enumerated() {
      #expect(rule.rule?.text == tableCase.rules[index].text)
      #expect(rule.jump == (tableCase.rules[index].text.hasSuffix("-j CHAIN") ? "CHAIN" : nil))
    }
  }

  @Test("rules of either are complete for the other: a repeated write changes nothing", arguments: tables)
  func repeated(tableCase: TableCase) throws {
    let node = try Namespace()
    try tableCase.write(node)
    let before = try node.command("nft", "-a", "list", "ruleset")
    let rules = try tableCase.parsed()
    try tableCase.change(node) { (edit) throws(CNIError) in
      try edit.ensureChain("X")
      try edit.fill("X", with: rules)
      for rule in rules { try edit.ensure(rule, in: "X") }
    }
    #expect(try node.command("nft", "-a", "list", "ruleset") == before)
  }

  // MARK: - Changes

  private static let nat = TableCase(table: IPTable(.nat, .ip), rules: [])

  /// A rule with a distinctive port.
  private static func rule(_ port: Int) throws -> IPTablesRule {
    try IPTablesRule(["-p", "tcp", "-m", "tcp", "--dport", "\(port)"], .ip)
  }

  @Test("changes are made all at once or not at all")
  func atomic() throws {
    let node = try Namespace()
    let (good, bad) = (try Self.rule(1), try IPTablesRule(["-j", "nowhere"], .ip))
    #expect(throws: CNIError.self) {
      try Self.nat.change(node) { (edit) throws(CNIError) in
        try edit.ensureChain("X")
        edit.append(good, to: "X")
        edit.append(bad, to: "X")
      }
    }
    #expect(try node.command("nft", "list", "ruleset") == "")
  }

  @Test("an edit that throws, or discards what it collected, changes nothing")
  func thrown() throws {
    let node = try Namespace()
    #expect(throws: CNIError.self) {
      try Self.nat.change(node) { (edit) throws(CNIError) in
        try edit.ensureChain("X")
        throw CNIError(.invalidConfiguration, "no")
      }
    }
    let found = try Self.nat.change(node) { (edit) throws(CNIError) in
      try edit.ensureChain("X")
      return edit.discard()
    }
    #expect(found == ["the chain X is missing"])
    #expect(try node.command("nft", "list", "ruleset") == "")
  }

  @Test("if another program changes the table meanwhile, it is read and edited again")
  func meanwhile() throws {
    let node = try Namespace()
    try Self.nat.restore(node, [":X -"])
    let rule = try Self.rule(2)
    var seen: [Int] = []
    try Self.nat.change(node) { (edit) throws(CNIError) in
      seen.append(try edit.rules(of: "X")?.count ?? -1)
      if seen.count <= 2 {
        try? Self.nat.restore(node, ["-A X -p tcp -m tcp --dport 1 -j RETURN"])
      }
      edit.append(rule, to: "X")
    }
    #expect(seen == [0, 1, 2])
    #expect(try Self.nat.listed(node).count == 3)
  }

  @Test("built-in chains are made as iptables makes them, when the first rule is added")
  func baseChains() throws {
    for name in IPTable.Name.allCases {
      for family in AddressFamily.allCases {
        let hooks = name == .nat ? ["PREROUTING", "INPUT", "OUTPUT", "POSTROUTING"] : ["INPUT", "FORWARD", "OUTPUT"]
        let (ours, theirs) = (try Namespace(), try Namespace())
        let tableCase = TableCase(table: IPTable(name, family), rules: [])
        let rule = IPTablesRule(target: .return)
        for hook in hooks {
          try tableCase.change(ours) { (edit) throws(CNIError) in try edit.ensure(rule, in: hook) }
          try tableCase.restore(theirs, ["-A \(hook) -j RETURN"])
        }
        #expect(try ours.command("nft", "list", "ruleset") == theirs.command("nft", "list", "ruleset"))
        // A present chain keeps its policy.
        if name == .filter { try tableCase.restore(ours, [":FORWARD DROP"]) }
        let before = try ours.command("nft", "list", "ruleset")
        try tableCase.change(ours) { (edit) throws(CNIError) in try edit.ensure(rule, in: hooks[1]) }
        #expect(try ours.command("nft", "list", "ruleset") == before)
      }
    }
  }

  @Test("rules are added at the start or the end, and removed one by one, by a flush or with their chain")
  func places() throws {
    let node = try Namespace()
    let rules = try (1...5).map(Self.rule)
    func ports() throws -> [String] { try Self.nat.listed(node).map { "\($0.split(separator: " ")[5])" } }
    try Self.nat.change(node) { (edit) throws(CNIError) in
      try edit.ensureChain("X")
      for rule in rules[0..<2] { edit.append(rule, to: "X") }
      for rule in rules[2..<4] { edit.prepend(rule, to: "X") }
      try edit.ensure(rules[4], in: "X", atStart: true)
    }
    #expect(try ports() == ["5", "4", "3", "1", "2"])
    try Self.nat.change(node) { (edit) throws(CNIError) in
      for rule in try edit.rules(of: "X") ?? [] where rule.rule == rules[0] { edit.remove(rule, from: "X") }
    }
    #expect(try ports() == ["5", "4", "3", "2"])
    try Self.nat.change(node) { (edit) throws(CNIError) in try edit.fill("X", with: [rules[0]]) }
    #expect(try ports() == ["1"])
    try Self.nat.change(node) { (edit) throws(CNIError) in edit.removeChain("X") }
    let left = try Self.nat.change(node) { (edit) throws(CNIError) in try edit.rules(of: "X") }
    #expect(left == nil)
  }

  @Test("after a deletion no part of the process is left: its sockets are closed when the deleted objects are freed")
  func sockets() throws {
    let host = try FirewallNode().byIPTables(.nft)
    let container = try host.node.addContainer(ip: "10.22.0.5")
    func sockets() throws -> Int {
      try host.node.namespace.run { try FileDescriptor.open("/proc/thread-self/net/netlink").readAll() }
        .count { $0 == UInt8(ascii: "\n") }
    }
    let before = try sockets()
    for _ in 0..<5 {
      try host.succeed("ADD", container)
      try host.succeed("DEL", container)
    }
    let end = monotonicNanoseconds() + 30_000_000_000
    while try sockets() > before, monotonicNanoseconds() < end { usleep(10_000) }
    #expect(try sockets() == before)
  }
}
