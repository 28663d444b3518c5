// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CLinux
import Netlink
import Testing

@testable import NFTables

@Suite struct ActionTests {
  @Test("expressions that act are the same after they went over the wire")
  func roundTrip() throws {
    try expectRoundTrip([
      Verdict.accept, Verdict.drop, Verdict.jump("a"), Verdict.jump("b"), Verdict.goto("a"),
      DestinationNAT(family: .ip),
      DestinationNAT(family: .ip6), MasqueradeSource(),
    ])
  }

  @Test(
    "a verdict has the kernel's code, and a chain only if it jumps",
    arguments: [(Verdict.accept, 1, nil), (.drop, 0, nil), (.jump("next"), -3, "next"), (.goto("next"), -4, "next")]
      as [(Verdict, Int32, String?)])
  func verdict(verdict: Verdict, code: Int32, chain: String?) throws {
    let step = try wire(verdict)
    #expect(step.number(NFTA_IMMEDIATE_DREG) == 0)
    let value = step.nested(NFTA_IMMEDIATE_DATA).nested(Int(NFTA_DATA_VERDICT.rawValue))
    let number = value[Int(NFTA_VERDICT_CODE.rawValue)]?.integer(UInt32.self, at: 0)?.bigEndian
    #expect(number.map { Int32(bitPattern: $0) } == code)
    #expect(value[Int(NFTA_VERDICT_CHAIN.rawValue)]?.text == chain)
    #expect(verdict.jump == chain)
  }

  @Test(
    "the address is taken from the first register, the port from the one after it", arguments: AddressFamily.allCases)
  func destination(family: AddressFamily) throws {
    let step = try wire(DestinationNAT(family: family))
    let port: UInt32 = family == .ip ? 9 : 2
    #expect(step.number(NFTA_NAT_TYPE) == 1)  // NFT_NAT_DNAT
    #expect(step.number(NFTA_NAT_FAMILY) == UInt32(family.number))
    #expect(step.number(NFTA_NAT_REG_ADDR_MIN) == 1)
    #expect(step.number(NFTA_NAT_REG_PROTO_MIN) == port)
    #expect(step.number(NFTA_NAT_REG_ADDR_MAX) ?? 1 == 1)
    #expect(step.number(NFTA_NAT_REG_PROTO_MAX) ?? port == port)
    #expect(step.number(NFTA_NAT_FLAGS) == 3)  // NF_NAT_RANGE_MAP_IPS | NF_NAT_RANGE_PROTO_SPECIFIED
  }

  @Test("a masqueraded connection gets a random port")
  func masquerade() throws {
    #expect(try wire(MasqueradeSource()).number(NFTA_MASQ_FLAGS) == 0x10)  // NF_NAT_RANGE_PROTO_RANDOM_FULLY
  }
}
