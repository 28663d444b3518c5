// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CLinux
import Netlink
import Testing

@testable import NFTables

@Suite struct RuleObjectTests {
  private let rule = RuleObject("c", Match.toThisHost + [.jump("d")], comment: "why")

  @Test("a message names table, chain and comment, and adds to the tail unless it says head")
  func message() throws {
    let attributes = try rule.message().attributes()
    #expect(attributes[Int(NFTA_RULE_TABLE.rawValue)]?.text == "swift_cni")
    #expect(attributes[Int(NFTA_RULE_CHAIN.rawValue)]?.text == "c")
    #expect(try rule.reread() == rule.expressions)
    #expect(attributes[Int(NFTA_RULE_USERDATA.rawValue)].flatMap { Comment(userData: $0) }?.text == "why")
    #expect(rule.message().bytes(sequence: 0)[4...7] == [6, 10, 1, 0x0c])  // NLM_F_CREATE | NLM_F_APPEND
    var head = rule
    head.end = .head
    #expect(head.message().bytes(sequence: 0)[4...7] == [6, 10, 1, 0x04])
  }

  @Test("the chain that a rule jumps to is known")
  func jumps() {
    #expect(rule.jump == "d")
    #expect(RuleObject("c", [.accept]).jump == nil)
  }

  @Test("a rule of ours is read with its steps, and deleted by its handle")
  func stored() throws {
    var message = rule.message()
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
    let attributes = try RuleObject.flush("c").attributes()
    #expect(attributes[Int(NFTA_RULE_CHAIN.rawValue)]?.text == "c")
    #expect(attributes[Int(NFTA_RULE_HANDLE.rawValue)] == nil)
    #expect(try RuleObject.list().attributes()[Int(NFTA_RULE_TABLE.rawValue)]?.text == "swift_cni")
  }
}
