// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CLinux
import CNftnl
import Testing

@testable import NFTables
@testable import OwnTable
@testable import Netlink

@Suite("expressions of nf_tables, as libnftnl reads and writes them")
struct ExpressionTests {
  static let samples: [Expression] =
    [
      .meta(NFT_META_IIFNAME), .meta(NFT_META_OIFNAME, into: Register(slot: 4)), .meta(NFT_META_NFPROTO),
      .meta(NFT_META_L4PROTO, into: Register(slot: 1)), .meta(NFT_META_MARK), .setMeta(NFT_META_MARK),
      .payload(NFT_PAYLOAD_NETWORK_HEADER, offset: 12, length: 4),
      .payload(NFT_PAYLOAD_NETWORK_HEADER, offset: 24, length: 16, into: Register(slot: 8)),
      .payload(NFT_PAYLOAD_LL_HEADER, offset: 6, length: 6),
      .payload(NFT_PAYLOAD_TRANSPORT_HEADER, offset: 2, length: 2, into: Register(slot: 13)),
      .destinationType, .connection(NFT_CT_STATUS), .connection(NFT_CT_STATE), .originalPort(into: .first),
      .originalPort(into: Register(slot: 3)), .mask([255, 255, 0, 0]), .mask([255, 0], in: Register(slot: 12)),
      .mask([UInt8](repeating: 255, count: 16), in: Register(slot: 4)),
      .bitwise(mask: [255, 255, 0, 0], xor: [0, 0, 1, 0]), .compare([6]), .compare([6], isNegated: true),
      .compare([UInt8](1...16)), .range([0, 80], [1, 0]), .range([0, 80], [1, 0], isNegated: true),
      .lookup("containers4"), .lookup("containers4", isNegated: true), .lookup("hostports4", loadsData: true),
      .match(name: "comment", revision: 0, payload: [UInt8](repeating: 65, count: 256)),
      .match(name: "multiport", revision: 1, payload: [UInt8](1...48)), .counter, .accept, .drop, .return,
      .jump("masquerading"), .goto("conditions4_x"), .masquerade, .masqueradeKeepingPort,
      .target(name: "MARK", revision: 2, payload: [UInt8](1...8)),
      .target(name: "DNAT", revision: 2, payload: [UInt8](1...48)),
    ] + AddressFamily.allCases.map { .destinationNAT($0) }

  @Test("the samples are of every case there is")
  func complete() {
    #expect(Set(Self.samples.map { ExpressionCase($0) }) == Set(ExpressionCase.allCases))
  }

  @Test("libnftnl reads from ours what was meant", arguments: samples)
  func read(expression: Expression) throws {
    let rule = try LibraryObject.reading(.rule, Table.own.add(NFTRule("c", [expression])))
    let found = rule.expressions
    try #require(found.count == 1)
    #expect(found[0].differences(from: expression) == [])
  }

  @Test("we read from what libnftnl builds what was meant", arguments: samples)
  func decoded(expression: Expression) throws {
    let rule = try LibraryObject.make(.rule, [NFTNL_RULE_TABLE.number: .text(Table.own.name)])
    try rule.add(expression)
    let bytes = try rule.built(NFT_MSG_NEWRULE).attributes(after: 4)[Int(NFTA_RULE_EXPRESSIONS.rawValue)]
    #expect(Expression.decoded(try #require(bytes)) == [expression])
  }
}
