// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import NFTables
import Address
import Netlink
import Testing

@testable import IPTables

@Suite("a rule of iptables") struct IPTablesRuleTests {
  @Test("the fixtures are there")
  func fixtures() { #expect(GoldenRule.all.count > 300) }

  @Test("is read from its words and printed as iptables-save prints it", arguments: GoldenRule.all)
  func text(golden: GoldenRule) throws {
    #expect(try IPTablesRule(golden.words, golden.family).text == golden.text)
  }

  @Test("has in nf_tables the bytes that iptables-nft writes, and is read from them", arguments: GoldenRule.all)
  func compat(golden: GoldenRule) throws {
    let rule = try IPTablesRule(golden.words, golden.family)
    #expect(Expression.encoded(rule.expressions(golden.family)) == golden.expressions)
    let expressions = try #require(Expression.decoded(golden.expressions[...]))
    #expect(IPTablesRule(expressions, golden.family) == rule)
  }
}
