// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CLinux
import CNftnl
import Testing

@testable import NFTables
@testable import OwnTable
@testable import Netlink

@Suite("rules of nf_tables, as libnftnl reads and writes them")
struct RuleTests {
  private static func fields(_ rule: NFTRule) -> Fields {
    var fields = inChain(rule.chain)
    if let comment = rule.comment { fields[NFTNL_RULE_USERDATA.number] = .bytes(userData(comment)) }
    return fields
  }

  private static func inChain(_ chain: String?) -> Fields {
    var fields: Fields = [NFTNL_RULE_FAMILY.number: .number(1), NFTNL_RULE_TABLE.number: .text("swift_cni")]
    if let chain { fields[NFTNL_RULE_CHAIN.number] = .text(chain) }
    return fields
  }

  /// All rules that are the same on every host, those of branches, and one with a comment.
  static let rules: [NFTRule] =
    [Feature.ports, .firewall].flatMap { feature in feature.rules + feature.samples().flatMap { $0.rules + $0.jumps } }
    + [NFTRule("c", [.counter, .accept], comment: "for people", at: .head)]

  @Test("libnftnl reads each of our rules, expression for expression", arguments: rules.indices)
  func read(index: Int) throws {
    let rule = Self.rules[index]
    let read = try LibraryObject.reading(.rule, Table.own.add(rule))
    #expect(differences(read.fields, Self.fields(rule)) == [])
    let found = read.expressions
    #expect(found.count == rule.expressions.count)
    for (expression, meant) in zip(found, rule.expressions) { #expect(expression.differences(from: meant) == []) }
  }

  @Test("we read each of our rules from what libnftnl builds, and delete it by its handle", arguments: rules.indices)
  func decoded(index: Int) throws {
    let rule = Self.rules[index]
    let built = try LibraryObject.make(
      .rule, Self.fields(rule).merging([NFTNL_RULE_HANDLE.number: .long(0x0102_0304_0506)]) { $1 })
    for expression in rule.expressions { try built.add(expression) }
    let stored = try #require(StoredRule(try built.built(NFT_MSG_NEWRULE)))
    #expect(stored.chain == rule.chain)
    #expect(stored.expressions == rule.expressions)
    let deletion = try LibraryObject.reading(.rule, stored.deletion())
    let meant = Self.inChain(rule.chain).merging([NFTNL_RULE_HANDLE.number: .long(0x0102_0304_0506)]) { $1 }
    #expect(differences(deletion.fields, meant) == [])
    #expect(deletion.expressions.isEmpty)
  }

  @Test("libnftnl reads what flushes a chain, and what asks for all rules")
  func named() throws {
    #expect(differences(try LibraryObject.reading(.rule, Table.own.flush(chain: "c")).fields, Self.inChain("c")) == [])
    #expect(differences(try LibraryObject.reading(.rule, Table.own.listRules()).fields, Self.inChain(nil)) == [])
  }

  @Test("libnftnl reads a comment from our user data, and we read it from what libnftnl builds")
  func comment() throws {
    for text in ["", "a", "net/id/eth0 3", String(repeating: "x", count: 127)] {
      #expect(comments(Comment(text: text).userData) == [text])
      #expect(Comment(userData: userData(text)[...])?.text == text)
    }
  }
}
