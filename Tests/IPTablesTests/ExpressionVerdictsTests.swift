// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CLinux
import Netlink
import Testing

@testable import IPTables
@testable import NFTables

/// Which rules can drop a packet.
@Suite struct ExpressionVerdictsTests {
  private static func canDrop(_ expressions: Expression...) -> Bool {
    canDrop(Expression.encoded(expressions))
  }

  private static func canDrop(_ bytes: [UInt8]) -> Bool {
    Expression.canDrop(in: bytes[...], harmless: RuleTarget.harmless)
  }

  /// An expression that iptables does not write.
  private static func native(_ name: String, _ build: (inout NetlinkMessage) -> Void = { _ in }) -> [UInt8] {
    var list = NetlinkMessage(type: 0)
    list.nested(NFTA_LIST_ELEM.rawValue) { element in
      element.attribute(NFTA_EXPR_NAME.rawValue, text: name)
      element.nested(NFTA_EXPR_DATA.rawValue, build)
    }
    return list.contents
  }

  @Test(
    "a verdict drops if it is neither accept nor a jump, goto or return",
    arguments: [
      (0, true), (1, false), (2, true), (3, true), (3 | 7 << 16, true), (4, false), (-1, false), (-2, false),
      (-3, false), (-4, false), (-5, false),
    ] as [(Int32, Bool)])
  func verdicts(code: Int32, expected: Bool) {
    #expect(Self.canDrop(.counter, .verdict(code, chain: nil)) == expected)
    #expect(
      Self.canDrop(.meta(NFT_META_IIFNAME), .compare([1], isNegated: false), .counter, .verdict(code, chain: "X"))
        == expected)
  }

  @Test("a target drops unless it is known as harmless")
  func targets() {
    func target(_ name: String) -> Expression { .target(name: name, revision: 0, payload: [1, 2, 3, 4]) }
    for name in ["REJECT", "NFQUEUE", "SYNPROXY", "TARPIT", "SOMETHING", ""] { #expect(Self.canDrop(target(name))) }
    for name in ["LOG", "NFLOG", "MARK", "CONNMARK", "TCPMSS", "CT", "TEE"] { #expect(!Self.canDrop(target(name))) }
    #expect(!Self.canDrop(target("LOG"), .counter))
    #expect(Self.canDrop(target("LOG"), .verdict(0, chain: nil)))
  }

  @Test("matches, comparisons and counters drop nothing")
  func harmless() {
    #expect(!Self.canDrop())
    #expect(
      !Self.canDrop(.match(name: "REJECT", revision: 0, payload: []), .mask([1]), .range([0], [1], isNegated: true)))
  }

  @Test("expressions of nftables drop if they reject, queue or answer a packet")
  func native() {
    for name in ["reject", "queue", "synproxy"] { #expect(Self.canDrop(Self.native(name))) }
    for name in ["log", "limit", "objref", "unknown", ""] {
      #expect(!Self.canDrop(Self.native(name)))
    }
  }

  @Test(
    "a lookup drops only if it loads verdicts",
    arguments: [(nil, false), (0, true), (1, false), (8, false)] as [(UInt32?, Bool)])
  func lookups(register: UInt32?, expected: Bool) {
    let bytes = Self.native("lookup") { data in
      data.attribute(NFTA_LOOKUP_SET.rawValue, text: "s")
      data.attribute(NFTA_LOOKUP_SREG.rawValue, UInt32(1).bigEndian)
      if let register { data.attribute(NFTA_LOOKUP_DREG.rawValue, register.bigEndian) }
    }
    #expect(Self.canDrop(bytes) == expected)
  }

  @Test("the rules of the fixtures drop only where they say so", arguments: GoldenRule.all)
  func golden(rule: GoldenRule) {
    let target = rule.words.firstIndex(of: "-j").map { rule.words[$0 + 1] } ?? ""
    // NAT targets count as dropping, because they are not on the list of harmless targets.
    let isHarmless =
      ["ACCEPT", "RETURN", "MARK"].contains(target) || target.hasPrefix("CNI-") || target.hasPrefix("KUBE-")
    if isHarmless { #expect(!Self.canDrop(rule.expressions)) }
    if target == "DROP" { #expect(Self.canDrop(rule.expressions)) }
  }

  @Test("bytes that are cut short anywhere never trap")
  func truncated() {
    let bytes =
      Expression.encoded([.meta(NFT_META_IIFNAME), .counter, .verdict(0, chain: nil)]) + Self.native("reject")
    #expect(Self.canDrop(bytes))
    for count in bytes.indices { _ = Self.canDrop(Array(bytes.prefix(count))) }
  }
}
