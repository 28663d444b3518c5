// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CLinux
import Testing

@testable import NFTables

/// The expressions of Test.swift.
@Suite struct TestTests {
  @Test("expressions that test are the same after they went over the wire")
  func roundTrip() throws {
    try expectRoundTrip([
      Compare(bytes: [6]), Compare(isNegated: true, bytes: [6]), Compare(bytes: [0x1f, 0x90]),
      Compare(bytes: Array("eth0".utf8) + [UInt8](repeating: 0, count: 12)),
      Compare(bytes: [UInt8](1...16)),
      Mask(mask: [255, 255, 0, 0]), Mask(mask: [255, 255, 255, 0]),
      Mask(mask: [255, 255, 0, 0], register: Register(slot: 2)),
      Lookup(set: "a"), Lookup(set: "b"), Lookup(set: "a", isNegated: true), Lookup(set: "a", loadsData: true),
    ])
  }

  @Test("a comparison has the bytes as they are", arguments: [1, 2, 3, 4, 16])
  func compare(count: Int) throws {
    let bytes = (1...count).map { UInt8($0) }
    let equal = try wire(Compare(bytes: bytes))
    #expect(equal.value(NFTA_CMP_DATA) == bytes)
    #expect(equal.number(NFTA_CMP_SREG) == 1)
    #expect(equal.number(NFTA_CMP_OP) == 0)  // NFT_CMP_EQ
    #expect(try wire(Compare(isNegated: true, bytes: bytes)).number(NFTA_CMP_OP) == 1)
  }

  @Test("a mask is applied in the register, and flips no bit")
  func mask() throws {
    let step = try wire(Mask(mask: [255, 255, 240, 0], register: Register(slot: 2)))
    #expect(step.number(NFTA_BITWISE_SREG) == 10)
    #expect(step.number(NFTA_BITWISE_DREG) == 10)
    #expect(step.number(NFTA_BITWISE_LEN) == 4)
    #expect(step.value(NFTA_BITWISE_MASK) == [255, 255, 240, 0])
    #expect(step.value(NFTA_BITWISE_XOR) == [0, 0, 0, 0])
  }

  @Test("a lookup loads data only if it should")
  func lookup() throws {
    let test = try wire(Lookup(set: "hostports4"))
    #expect(test.text(NFTA_LOOKUP_SET) == "hostports4")
    #expect(test.number(NFTA_LOOKUP_SREG) == 1)
    #expect(test.number(NFTA_LOOKUP_DREG) == nil)
    #expect(test.number(NFTA_LOOKUP_FLAGS) == 0)
    #expect(try wire(Lookup(set: "s", loadsData: true)).number(NFTA_LOOKUP_DREG) == 1)
    #expect(try wire(Lookup(set: "s", isNegated: true)).number(NFTA_LOOKUP_FLAGS) == 1)
  }
}
