// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import NFTables
import Address
import CLinux
import CNI
import CNftnl
import FramingSupport
import Netlink
import TestSupport
import Testing

@testable import IPTables

@Suite(
  "tables of iptables in nf_tables, as libnftnl reads what we write",
  .enabled(if: Namespace.obstacle == nil))
struct CompatTests {
  static let tables = AddressFamily.allCases.flatMap { family in
    IPTable.Name.allCases.map { IPTable($0, family) }
  }

  private static func rules(_ family: AddressFamily) throws -> [IPTablesRule] {
    let texts = [
      "-s \(family == .ip ? "10.22.0.0/16" : "fd00::/61") -p tcp -m tcp --dport 8080 -j RETURN",
      "! -p sctp -i cni0 -j ACCEPT",
      "-m comment --comment text -m conntrack --ctstate RELATED,ESTABLISHED -j DROP",
      "-m addrtype --dst-type LOCAL -m mark --mark 0x1/0x2 -j Ours",
      "-p udp -m multiport --dports 1,2:3 -j Ours",
      "-j MARK --set-xmark 0x1/0x2",
    ]
    return try texts.map { try IPTablesRule($0.split(separator: " ").map(String.init), family) }
  }

  /// The messages that make changes of tables that nobody has made, read for each from a kernel.
  private static func messages(
    _ table: IPTable, _ edit: (inout TableEdit) throws(CNIError) -> Void
  ) throws -> [NetlinkMessage] {
    try Namespace().run {
      let attempt = CompatAttempt(CompatSocket())
      var collected = TableEdit(table, attempt.reader(of: table))
      try edit(&collected)
      var edits = [collected]
      return try attempt.messages(&edits)
    }
  }

  private static func family(_ table: IPTable) -> FieldValue {
    .number(table.family == .ip ? 2 : 10)
  }

  private static func chain(_ name: String, _ table: IPTable) -> Fields {
    [
      NFTNL_CHAIN_FAMILY.number: family(table),
      NFTNL_CHAIN_TABLE.number: .text(table.name.rawValue),
      NFTNL_CHAIN_NAME.number: .text(name),
    ]
  }

  private static func rule(_ chain: String, _ table: IPTable, _ more: Fields = [:]) -> Fields {
    let place: Fields = [
      NFTNL_RULE_FAMILY.number: family(table), NFTNL_RULE_TABLE.number: .text(table.name.rawValue),
      NFTNL_RULE_CHAIN.number: .text(chain),
    ]
    return place.merging(more) { $1 }
  }

  private static func expect(
    _ kind: LibraryKind, _ message: NetlinkMessage, _ meant: Fields,
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let fields = try LibraryObject.reading(kind, message).fields
    #expect(differences(fields, meant) == [], sourceLocation: sourceLocation)
  }

  @Test(
    "a table, its chains of hooks and of ours, and every rule with the protocol it is for",
    arguments: tables)
  func made(table: IPTable) throws {
    let wanted = try Self.rules(table.family)
    let hook = table.name == .nat ? "POSTROUTING" : "FORWARD"
    let messages = try Self.messages(table) { (edit) throws(CNIError) in
      try edit.ensureChain("Ours")
      for rule in wanted { edit.append(rule, to: "Ours") }
      edit.prepend(IPTablesRule(target: .jump("Ours")), to: hook)
    }
    try #require(messages.count == wanted.count + 4)
    try Self.expect(
      .table, messages[0],
      [
        NFTNL_TABLE_FAMILY.number: Self.family(table),
        NFTNL_TABLE_NAME.number: .text(table.name.rawValue),
      ])
    try Self.expect(.chain, messages[1], Self.chain("Ours", table))
    let base: Fields = [
      NFTNL_CHAIN_HOOKNUM.number: .number(table.name == .nat ? 4 : 2),
      NFTNL_CHAIN_PRIO.number: .number(table.name == .nat ? 100 : 0),
      NFTNL_CHAIN_TYPE.number: .text(table.name.rawValue), NFTNL_CHAIN_POLICY.number: .number(1),
    ]
    try Self.expect(
      .chain, messages[wanted.count + 2], Self.chain(hook, table).merging(base) { $1 })
    let jump = IPTablesRule(target: .jump("Ours"))
    for (message, rule, chain) in zip(messages[2...], wanted).map({ ($0, $1, "Ours") })
      + [(messages[wanted.count + 3], jump, hook)]
    {
      let read = try LibraryObject.reading(.rule, message)
      var compat: Fields = [
        NFTNL_RULE_COMPAT_PROTO.number: .number(UInt32(rule.transport?.value.number ?? 0)),
        NFTNL_RULE_COMPAT_FLAGS.number: .number(0),
      ]
      if rule.transport?.isNegated ?? false { compat[NFTNL_RULE_COMPAT_FLAGS.number] = .number(2) }
      let (fields, found) = (read.fields, read.expressions)
      #expect(differences(fields, Self.rule(chain, table, compat)) == [])
      let expressions = rule.expressions(table.family)
      #expect(found.count == expressions.count)
      for (expression, meant) in zip(found, expressions) {
        #expect(expression.differences(from: meant) == [])
      }
    }
  }

  @Test("what is flushed, removed, and put behind another rule", arguments: tables)
  func changed(table: IPTable) throws {
    let (other, rule) = (Self.placed(0x0102_0304), IPTablesRule(target: .accept))
    let messages = try Self.messages(table) { (edit) throws(CNIError) in
      edit.removeChain("Ours")
      edit.remove(other, from: "Chain")
      edit.insert(rule, after: other, in: "Chain")
    }
    try #require(messages.count == 5)
    try Self.expect(.rule, messages[1], Self.rule("Ours", table))
    try Self.expect(.chain, messages[2], Self.chain("Ours", table))
    try Self.expect(
      .rule, messages[3], Self.rule("Chain", table, [NFTNL_RULE_HANDLE.number: .long(0x0102_0304)]))
    let place: Fields = [
      NFTNL_RULE_POSITION.number: .long(0x0102_0304), NFTNL_RULE_COMPAT_PROTO.number: .number(0),
      NFTNL_RULE_COMPAT_FLAGS.number: .number(0),
    ]
    try Self.expect(.rule, messages[4], Self.rule("Chain", table, place))
  }

  private static func placed(_ handle: UInt64) -> PlacedRule {
    PlacedRule(rule: nil, jump: nil, handle: handle, canDrop: false, bytes: [])
  }

  @Test("we read the same rule from what libnftnl builds of its expressions", arguments: tables)
  func decoded(table: IPTable) throws {
    for rule in try Self.rules(table.family) {
      let built = try LibraryObject.make(.rule, Self.rule("Ours", table))
      for expression in rule.expressions(table.family) { try built.add(expression) }
      let attributes = try built.built(NFT_MSG_NEWRULE).attributes(after: 4)
      let expressions = try #require(
        Expression.decoded(attributes[Int(NFTA_RULE_EXPRESSIONS.rawValue)] ?? []))
      #expect(IPTablesRule(expressions, table.family) == rule)
    }
  }

  @Test("a rule that is put back has what the kernel told of it, and the protocol that it compares", arguments: tables)
  func restored(table: IPTable) throws {
    let told = try Self.rules(table.family)[0].expressions(table.family)
    let built = try LibraryObject.make(
      .rule, Self.rule("Ours", table, [NFTNL_RULE_USERDATA.number: .bytes(userData("theirs"))]))
    for expression in told { try built.add(expression) }
    let bytes = Array(try built.built(NFT_MSG_NEWRULE).payload.dropFirst(4))
    let messages = try Self.messages(table) { (edit) throws(CNIError) in
      try edit.restore("Ours", with: [KeptRule(rule: nil, jump: nil, bytes: bytes)])
    }
    let read = try LibraryObject.reading(.rule, try #require(messages.last))
    let (fields, found) = (read.fields, read.expressions)
    let meant: Fields = [
      NFTNL_RULE_COMPAT_PROTO.number: .number(6), NFTNL_RULE_COMPAT_FLAGS.number: .number(0),
      NFTNL_RULE_USERDATA.number: .bytes(userData("theirs")),
    ]
    #expect(differences(fields, Self.rule("Ours", table, meant)) == [])
    #expect(found.count == told.count)
    for (expression, meant) in zip(found, told) { #expect(expression.differences(from: meant) == []) }
  }

  @Test("libmnl walks a batch of them")
  func framing() throws {
    let wanted = try Self.rules(.ip)
    let messages = try Self.messages(IPTable(.filter, .ip)) { (edit) throws(CNIError) in
      try edit.fill("Ours", with: wanted)
      edit.prepend(IPTablesRule(target: .jump("Ours")), to: "FORWARD")
      edit.removeChain("Other")
    }
    let bytes = ([.batchBegin(generation: 7)] + messages + [.batchEnd()]).flatMap {
      $0.bytes(sequence: 1)
    }
    #expect(Framing.netfilter.problems(bytes) == [])
  }
}
