// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CLinux
import Glibc
import Testing

@testable import Netlink

@Suite struct PolicyRuleTests {
  private static func full() -> PolicyRule {
    var rule = PolicyRule(.ip, table: 1000, priority: 50)
    rule.source = Prefix("10.2.0.0/16")
    rule.destination = Prefix("10.3.0.0/16")
    rule.fwmark = 0x10
    rule.fwmask = 0xff
    rule.inputInterface = "v0"
    rule.outputInterface = "br0"
    return rule
  }

  private static func inverted() -> PolicyRule {
    var rule = PolicyRule(.ip, table: 101, priority: 51)
    rule.source = Prefix("10.2.0.1/32")
    rule.isInverted = true
    rule.suppressedPrefixLength = 0
    rule.typeOfService = 0x10
    return rule
  }

  private static func add(_ rule: PolicyRule) -> NetlinkMessage { rule.message(RTM_NEWRULE, Addition.exclusive.flags) }

  @Test("rules are asked for as ip asks for them")
  func requests() {
    expectSame(Self.add(Self.full()), .addRule, fixed: 12)
    expectSame(Self.add(Self.inverted()), .addInvertedRule, fixed: 12)
    var rule = PolicyRule(.ip6, table: 0, priority: 52)
    rule.source = Prefix("2001:db8::/32")
    rule.action = .unreachable
    expectSame(Self.add(rule), .addRule6, fixed: 12)
    rule = PolicyRule(.ip, table: 0, priority: 1000)
    rule.usesVRFTable = true
    expectSame(Self.add(rule), .addVRFRule, fixed: 12)
    rule = PolicyRule(.ip, table: 0, priority: 50)
    rule.source = Prefix("10.2.0.0/16")
    rule.action = PolicyRule.Action(rawValue: 0)
    expectSame(rule.message(RTM_DELRULE, NLM_F_ACK), .removeRule, fixed: 12)
  }

  @Test("what the kernel tells is what was asked for")
  func replies() throws {
    var rule = Self.full()
    rule.protocol = 0
    #expect(PolicyRule(try Recording.rule.reply) == rule)
    rule = Self.inverted()
    rule.protocol = 0
    #expect(PolicyRule(try Recording.invertedRule.reply) == rule)
    rule = PolicyRule(.ip, table: 255)
    rule.protocol = 2
    #expect(PolicyRule(try Recording.localRule.reply) == rule)
    rule = PolicyRule(.ip, table: 0, priority: 1000)
    rule.usesVRFTable = true
    rule.protocol = 0
    #expect(PolicyRule(try Recording.vrfRule.reply) == rule)
  }

  @Test("what the kernel tells cut short at any byte crashes nothing")
  func truncated() throws {
    for count in 0...Recording.rule.bytes.count - 16 {
      let rule = PolicyRule(try Recording.rule.reply(prefix: count))
      #expect(rule == nil || rule?.family == .ip)
    }
  }
}
