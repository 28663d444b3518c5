// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CLinux
import Netlink
import Testing

@testable import NFTables

@Suite struct NFTRuleTests {
  private let rule = NFTRule("c", Match.toThisHost + [.jump("d")], comment: "why")

  @Test("a message names table, chain and comment, and adds to the tail unless it says head")
  func message() throws {
    let attributes = try table.add(rule).attributes()
    #expect(attributes[Int(NFTA_RULE_TABLE.rawValue)]?.text == "swift_cni")
    #expect(attributes[Int(NFTA_RULE_CHAIN.rawValue)]?.text == "c")
    #expect(try rule.reread() == rule.expressions)
    #expect(attributes[Int(NFTA_RULE_USERDATA.rawValue)].flatMap { Comment(userData: $0) }?.text == "why")
    #expect(table.add(rule).bytes(sequence: 0)[4...7] == [6, 10, 1, 0x0c])  // NLM_F_CREATE | NLM_F_APPEND
    let head = NFTRule("c", rule.expressions, at: .head)
    #expect(table.add(head).bytes(sequence: 0)[4...7] == [6, 10, 1, 0x04])
  }

  @Test("a rule that stands behind another names this one's handle")
  func behind() throws {
    let message = table.add(NFTRule("c", [.accept], at: .after(0x0102_0304)))
    #expect(try message.attributes()[Int(NFTA_RULE_POSITION.rawValue)] == [0, 0, 0, 0, 1, 2, 3, 4])
    #expect(message.bytes(sequence: 0)[4...7] == [6, 10, 1, 0x0c])
  }

  @Test("a rule with matches of x_tables says for which protocol it is")
  func xtables() throws {
    #expect(try table.add(rule).attributes()[Int(NFTA_RULE_COMPAT.rawValue)] == nil)
    let compat = try table.add(rule, for: XTablesProtocol(132, isNegated: true)).attributes()
      .nested(Int(NFTA_RULE_COMPAT.rawValue))
    #expect(compat.word(NFTA_RULE_COMPAT_PROTO.rawValue) == 132)
    #expect(compat.word(NFTA_RULE_COMPAT_FLAGS.rawValue) == 2)
  }

  @Test("a rule that was read is written again as it was, also where a step is unknown")
  func encoded() throws {
    var message = table.add(rule)
    message.attribute(NFTA_RULE_HANDLE.rawValue, UInt64(7).bigEndian)
    let stored = try #require(StoredRule(try message.received()))
    let again = table.add(
      encoded: Attributes(stored.attributes), to: "c", at: .tail, for: XTablesProtocol())
    let read = try again.attributes()
    #expect(read[Int(NFTA_RULE_EXPRESSIONS.rawValue)] == stored.encodedExpressions)
    #expect(read[Int(NFTA_RULE_USERDATA.rawValue)].flatMap { Comment(userData: $0) }?.text == "why")
  }

  @Test("whether a rule is in a table and a chain is told by their whole names")
  func isIn() throws {
    var message = table.add(NFTRule("chain", [.accept]))
    message.attribute(NFTA_RULE_HANDLE.rawValue, UInt64(7).bigEndian)
    let stored = try #require(StoredRule(try message.received()))
    #expect(stored.isIn(table) && stored.isIn(table, chain: "chain"))
    for name in ["", "chai", "chains"] { #expect(!stored.isIn(table, chain: name)) }
    for other in [Table(.ip, table.name), Table(.inet, "swift"), Table(.inet, "swift_cni2")] {
      #expect(!stored.isIn(other))
    }
  }

  @Test("the chain that a rule jumps to is known")
  func jumps() {
    #expect(rule.jump == "d")
    #expect(NFTRule("c", [.accept]).jump == nil)
  }

  @Test("a rule of ours is read with its steps, and deleted by its handle")
  func stored() throws {
    var message = table.add(rule)
    #expect(StoredRule(try message.received()) == nil)
    message.attribute(NFTA_RULE_HANDLE.rawValue, UInt64(7).bigEndian)
    let stored = try #require(StoredRule(try message.received()))
    #expect(stored.chain == "c")
    #expect(stored.expressions == rule.expressions)
    let deletion = stored.deletion()
    #expect(deletion.bytes(sequence: 0)[4...5] == [8, 10])
    #expect(try deletion.attributes()[Int(NFTA_RULE_HANDLE.rawValue)] == [0, 0, 0, 0, 0, 0, 0, 7])
    #expect(try deletion.attributes()[Int(NFTA_RULE_CHAIN.rawValue)]?.text == "c")
  }

  @Test("a chain is emptied by a deletion that names no rule")
  func flush() throws {
    let attributes = try table.flush(chain: "c").attributes()
    #expect(attributes[Int(NFTA_RULE_CHAIN.rawValue)]?.text == "c")
    #expect(attributes[Int(NFTA_RULE_HANDLE.rawValue)] == nil)
    #expect(try table.listRules().attributes()[Int(NFTA_RULE_TABLE.rawValue)]?.text == "swift_cni")
  }
}
