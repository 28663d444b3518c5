// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CLinux
import Testing

@testable import NFTables
@testable import Netlink

/// The numbers are those of linux/netfilter/nf_tables.h, which `nft --debug netlink` shows for rules of its own.
@Suite struct ExpressionEncodingTests {
  @Test("the kind is the kernel's", arguments: Expression.samples)
  func kind(expression: Expression) throws {
    #expect(try WireStep(expression).kind == expression.kind)
  }

  @Test("a message has the steps of its rule in their order")
  func message() throws {
    var message = NetlinkMessage(type: 0)
    message.attribute(expressions: [.destinationType, .counter, .drop])
    let list = Attributes(message.contents[...]).nested(Int(NFTA_RULE_EXPRESSIONS.rawValue))
    #expect(list[Int(NFTA_LIST_ELEM.rawValue)] != nil)
    let expected = Expression.encoded([.destinationType, .counter, .drop])
    #expect(Array(message.contents.dropFirst(4)) == expected)
  }

  @Test("a property of the packet goes into the register")
  func meta() throws {
    let step = try WireStep(.meta(NFT_META_L4PROTO, into: Register(slot: 4)))
    #expect(step.kind == "meta")
    #expect(step.number(NFTA_META_KEY) == 16)
    #expect(step.number(NFTA_META_DREG) == 2)
  }

  @Test("bytes of the packet go into the register")
  func payload() throws {
    let step = try WireStep(
      .payload(NFT_PAYLOAD_TRANSPORT_HEADER, offset: 2, length: 2, into: Register(slot: 1)))
    #expect(step.kind == "payload")
    #expect(step.number(NFTA_PAYLOAD_BASE) == 2)
    #expect(step.number(NFTA_PAYLOAD_OFFSET) == 2)
    #expect(step.number(NFTA_PAYLOAD_LEN) == 2)
    #expect(step.number(NFTA_PAYLOAD_DREG) == 9)
  }

  @Test("the type of the destination's address goes into the first register")
  func destinationType() throws {
    let step = try WireStep(.destinationType)
    #expect(step.kind == "fib")
    #expect(step.number(NFTA_FIB_RESULT) == 3)  // NFT_FIB_RESULT_ADDRTYPE
    #expect(step.number(NFTA_FIB_FLAGS) == 2)  // NFTA_FIB_F_DADDR
    #expect(step.number(NFTA_FIB_DREG) == 1)
  }

  @Test(
    "the status of the connection, or the packet's state in it, goes into the first register",
    arguments: [(NFT_CT_STATUS.rawValue, 2), (NFT_CT_STATE.rawValue, 0)] as [(UInt32, UInt32)])
  func connection(key: UInt32, number: UInt32) throws {
    let step = try WireStep(.connection(nft_ct_keys(key)))
    #expect(step.kind == "ct")
    #expect(step.number(NFTA_CT_KEY) == number)
    #expect(step.number(NFTA_CT_DREG) == 1)
    #expect(step.bytes(NFTA_CT_DIRECTION) == nil)
  }

  @Test("the port that a connection was first sent to goes into the register")
  func originalPort() throws {
    let step = try WireStep(.originalPort(into: Register(slot: 3)))
    #expect(step.kind == "ct")
    #expect(step.number(NFTA_CT_KEY) == 12)  // NFT_CT_PROTO_DST
    #expect(step.number(NFTA_CT_DREG) == 11)
    #expect(step.bytes(NFTA_CT_DIRECTION) == [0])
  }

  @Test("a mask is applied in the register, and flips no bit")
  func mask() throws {
    let step = try WireStep(.mask([255, 255, 240, 0], in: Register(slot: 2)))
    #expect(step.number(NFTA_BITWISE_SREG) == 10)
    #expect(step.number(NFTA_BITWISE_DREG) == 10)
    #expect(step.number(NFTA_BITWISE_LEN) == 4)
    #expect(step.value(NFTA_BITWISE_MASK) == [255, 255, 240, 0])
    #expect(step.value(NFTA_BITWISE_XOR) == [0, 0, 0, 0])
  }

  @Test("bits are flipped behind the mask, in the first register, in one step")
  func bitwise() throws {
    // nft --debug netlink: meta mark set meta mark or 0x1000 is ( reg 1 & 0xffffefff ) ^ 0x00001000
    let step = try WireStep(.bitwise(mask: [0xff, 0xef, 0xff, 0xff], xor: [0, 0x10, 0, 0]))
    #expect(step.kind == "bitwise")
    #expect(step.number(NFTA_BITWISE_SREG) == 1)
    #expect(step.number(NFTA_BITWISE_DREG) == 1)
    #expect(step.number(NFTA_BITWISE_LEN) == 4)
    #expect(step.value(NFTA_BITWISE_MASK) == [0xff, 0xef, 0xff, 0xff])
    #expect(step.value(NFTA_BITWISE_XOR) == [0, 0x10, 0, 0])
    #expect(step.number(NFTA_BITWISE_OP) == nil)
  }

  @Test("what is set of the packet is taken from the first register, and nothing is loaded")
  func setMeta() throws {
    let step = try WireStep(.setMeta(NFT_META_MARK))
    #expect(step.kind == "meta")
    #expect(step.number(NFTA_META_KEY) == 3)
    #expect(step.number(NFTA_META_SREG) == 1)
    #expect(step.number(NFTA_META_DREG) == nil)
  }

  @Test("a comparison has the bytes as they are", arguments: [1, 2, 3, 4, 16])
  func compare(count: Int) throws {
    let bytes = (1...count).map { UInt8($0) }
    let equal = try WireStep(.compare(bytes))
    #expect(equal.value(NFTA_CMP_DATA) == bytes)
    #expect(equal.number(NFTA_CMP_SREG) == 1)
    #expect(equal.number(NFTA_CMP_OP) == 0)  // NFT_CMP_EQ
    #expect(try WireStep(.compare(bytes, isNegated: true)).number(NFTA_CMP_OP) == 1)
  }

  @Test("a range has both ends", arguments: [false, true])
  func range(isNegated: Bool) throws {
    let step = try WireStep(.range([0, 80], [1, 0], isNegated: isNegated))
    #expect(step.number(NFTA_RANGE_SREG) == 1)
    #expect(step.number(NFTA_RANGE_OP) == (isNegated ? 1 : 0))
    #expect(step.value(NFTA_RANGE_FROM_DATA) == [0, 80])
    #expect(step.value(NFTA_RANGE_TO_DATA) == [1, 0])
  }

  @Test("a lookup loads data only if it should")
  func lookup() throws {
    let test = try WireStep(.lookup("hostports4"))
    #expect(test.text(NFTA_LOOKUP_SET) == "hostports4")
    #expect(test.number(NFTA_LOOKUP_SREG) == 1)
    #expect(test.number(NFTA_LOOKUP_DREG) == nil)
    #expect(test.number(NFTA_LOOKUP_FLAGS) == 0)
    #expect(try WireStep(.lookup("s", loadsData: true)).number(NFTA_LOOKUP_DREG) == 1)
    #expect(try WireStep(.lookup("s", isNegated: true)).number(NFTA_LOOKUP_FLAGS) == 1)
  }

  @Test("a counter begins at nothing")
  func counter() throws {
    let step = try WireStep(.counter)
    #expect(step.bytes(NFTA_COUNTER_BYTES) == [UInt8](repeating: 0, count: 8))
    #expect(step.bytes(NFTA_COUNTER_PACKETS) == [UInt8](repeating: 0, count: 8))
  }

  @Test(
    "a verdict goes into the register for it, with a chain only if it goes there",
    arguments: [(.accept, 1, nil), (.drop, 0, nil), (.jump("next"), -3, "next"), (.goto("next"), -4, "next")]
      as [(Expression, Int32, String?)])
  func verdict(verdict: Expression, code: Int32, chain: String?) throws {
    let step = try WireStep(verdict)
    #expect(step.number(NFTA_IMMEDIATE_DREG) == 0)
    let value = step.nested(NFTA_IMMEDIATE_DATA).nested(Int(NFTA_DATA_VERDICT.rawValue))
    let number = value[Int(NFTA_VERDICT_CODE.rawValue)]?.integer(UInt32.self, at: 0)?.bigEndian
    #expect(number.map { Int32(bitPattern: $0) } == code)
    #expect(value[Int(NFTA_VERDICT_CHAIN.rawValue)]?.text == chain)
  }

  @Test(
    "the address is taken from the first register, the port from the one after it", arguments: AddressFamily.allCases)
  func destination(family: AddressFamily) throws {
    let step = try WireStep(.destinationNAT(family))
    let port: UInt32 = family == .ip ? 9 : 2
    #expect(step.number(NFTA_NAT_TYPE) == 1)  // NFT_NAT_DNAT
    #expect(step.number(NFTA_NAT_FAMILY) == UInt32(family.number))
    #expect(step.number(NFTA_NAT_REG_ADDR_MIN) == 1)
    #expect(step.number(NFTA_NAT_REG_PROTO_MIN) == port)
    #expect(step.number(NFTA_NAT_REG_ADDR_MAX) == 1)
    #expect(step.number(NFTA_NAT_REG_PROTO_MAX) == port)
    #expect(step.number(NFTA_NAT_FLAGS) == 3)  // NF_NAT_RANGE_MAP_IPS | NF_NAT_RANGE_PROTO_SPECIFIED
  }

  @Test("a masqueraded connection gets a random port")
  func masquerade() throws {
    #expect(try WireStep(.masquerade).number(NFTA_MASQ_FLAGS) == 0x10)  // NF_NAT_RANGE_PROTO_RANDOM_FULLY
  }

  @Test("a masqueraded connection that keeps its port has no flags")
  func masqueradeKeepingPort() throws {
    #expect(try WireStep(.masqueradeKeepingPort).number(NFTA_MASQ_FLAGS) == nil)
  }

  @Test("what is of x_tables has its name, its revision and its payload as it is")
  func extended() throws {
    let match = try WireStep(.match(name: "comment", revision: 0, payload: [UInt8](1...8)))
    #expect(match.text(NFTA_MATCH_NAME) == "comment")
    #expect(match.number(NFTA_MATCH_REV) == 0)
    #expect(match.bytes(NFTA_MATCH_INFO) == [UInt8](1...8))
    let target = try WireStep(.target(name: "MARK", revision: 2, payload: [UInt8](1...8)))
    #expect(target.text(NFTA_TARGET_NAME) == "MARK")
    #expect(target.number(NFTA_TARGET_REV) == 2)
    #expect(target.bytes(NFTA_TARGET_INFO) == [UInt8](1...8))
  }
}
