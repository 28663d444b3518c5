// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CLinux
import Testing

@testable import NFTables

@Suite struct LoadTests {
  @Test("expressions that load are the same after they went over the wire")
  func roundTrip() throws {
    try expectRoundTrip([
      LoadMeta(key: NFT_META_IIFNAME), LoadMeta(key: NFT_META_MARK),
      LoadMeta(key: NFT_META_MARK, register: Register(slot: 5)),
      LoadPayload(base: NFT_PAYLOAD_NETWORK_HEADER, offset: 12, length: 4),
      LoadPayload(base: NFT_PAYLOAD_TRANSPORT_HEADER, offset: 12, length: 4),
      LoadPayload(base: NFT_PAYLOAD_NETWORK_HEADER, offset: 16, length: 4),
      LoadPayload(base: NFT_PAYLOAD_NETWORK_HEADER, offset: 12, length: 2),
      LoadPayload(base: NFT_PAYLOAD_NETWORK_HEADER, offset: 12, length: 4, register: Register(slot: 1)),
      LoadDestinationType(), LoadConnection(key: NFT_CT_STATUS), LoadConnection(key: NFT_CT_STATE),
      LoadOriginalPort(register: .first), LoadOriginalPort(register: Register(slot: 3)),
    ])
  }

  @Test("a property of the packet goes into the register")
  func meta() throws {
    let step = try wire(LoadMeta(key: NFT_META_L4PROTO, register: Register(slot: 4)))
    #expect(step.kind == "meta")
    #expect(step.number(NFTA_META_KEY) == 16)
    #expect(step.number(NFTA_META_DREG) == 2)
  }

  @Test("bytes of the packet go into the register")
  func payload() throws {
    let step = try wire(
      LoadPayload(base: NFT_PAYLOAD_TRANSPORT_HEADER, offset: 2, length: 2, register: Register(slot: 1)))
    #expect(step.kind == "payload")
    #expect(step.number(NFTA_PAYLOAD_BASE) == 2)
    #expect(step.number(NFTA_PAYLOAD_OFFSET) == 2)
    #expect(step.number(NFTA_PAYLOAD_LEN) == 2)
    #expect(step.number(NFTA_PAYLOAD_DREG) == 9)
  }

  @Test("the type of the destination's address goes into the first register")
  func destinationType() throws {
    let step = try wire(LoadDestinationType())
    #expect(step.kind == "fib")
    #expect(step.number(NFTA_FIB_RESULT) == 3)  // NFT_FIB_RESULT_ADDRTYPE
    #expect(step.number(NFTA_FIB_FLAGS) == 2)  // NFTA_FIB_F_DADDR
    #expect(step.number(NFTA_FIB_DREG) == 1)
  }

  @Test(
    "the status of the connection, or the packet's state in it, goes into the first register",
    arguments: [(NFT_CT_STATUS.rawValue, 2), (NFT_CT_STATE.rawValue, 0)] as [(UInt32, UInt32)])
  func connection(key: UInt32, number: UInt32) throws {
    let step = try wire(LoadConnection(key: nft_ct_keys(key)))
    #expect(step.kind == "ct")
    #expect(step.number(NFTA_CT_KEY) == number)
    #expect(step.number(NFTA_CT_DREG) == 1)
  }

  @Test("the port that a connection was first sent to goes into the register")
  func originalPort() throws {
    let step = try wire(LoadOriginalPort(register: Register(slot: 3)))
    #expect(step.kind == "ct")
    #expect(step.number(NFTA_CT_KEY) == 12)  // NFT_CT_PROTO_DST
    #expect(step.number(NFTA_CT_DREG) == 11)
    #expect(step.bytes(NFTA_CT_DIRECTION) == [0])
  }
}
