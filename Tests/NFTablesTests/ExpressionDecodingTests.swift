// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CLinux
import Testing

@testable import NFTables
@testable import Netlink

@Suite struct ExpressionDecodingTests {
  @Test("expressions are the same after they went over the wire, and none is like another")
  func roundTrip() {
    let samples = Expression.samples
    for sample in samples { #expect(Expression.decoded(Expression.encoded([sample])[...]) == [sample]) }
    #expect(Expression.decoded(Expression.encoded(samples)[...]) == samples)
    for (index, sample) in samples.enumerated() { #expect(samples.firstIndex(of: sample) == index) }
  }

  @Test("the samples are of every kind")
  func kinds() {
    let kinds = [
      "meta", "payload", "fib", "ct", "bitwise", "cmp", "range", "lookup", "match", "counter", "immediate", "nat",
      "masq", "target",
    ]
    #expect(Set(Expression.samples.map(\.kind)) == Set(kinds))
  }

  /// An expression with an attribute more, which takes the place of one of the same type before it.
  private static func changed(_ expression: Expression, _ more: (inout NetlinkMessage) -> Void) -> [UInt8] {
    let element = AttributeList(Expression.encoded([expression])[...]).first { _ in true }
    let data = element.map { Attributes($0.value) }?[Int(NFTA_EXPR_DATA.rawValue)] ?? []
    var list = NetlinkMessage(type: 0)
    list.nested(NFTA_LIST_ELEM.rawValue) { element in
      element.attribute(NFTA_EXPR_NAME.rawValue, text: expression.kind)
      element.nested(NFTA_EXPR_DATA.rawValue) { nested in
        for attribute in AttributeList(data) { nested.attribute(attribute.type, Array(attribute.value)) }
        more(&nested)
      }
    }
    return list.contents
  }

  private static func isKnown<T: RawRepresentable<UInt32>>(
    _ expression: Expression, with type: T, _ value: UInt32
  ) -> Bool {
    Expression.decoded(changed(expression) { $0.attribute(type.rawValue, value.bigEndian) }[...]) != nil
  }

  @Test("what is the same thing said in another way is known, and also with attributes of newer kernels")
  func same() {
    let compare = Expression.compare([1])
    #expect(Expression.decoded(Self.changed(compare) { $0.attribute(200, UInt32(7)) }[...]) == [compare])
    // NFT_REG32_00, which begins where NFT_REG_1 does.
    let sameRegister = Self.changed(compare) { $0.attribute(NFTA_CMP_SREG.rawValue, UInt32(8).bigEndian) }
    #expect(Expression.decoded(sameRegister[...]) == [compare])
    let flipping = Self.changed(.mask([1])) { $0.attribute(NFTA_BITWISE_XOR.rawValue, data: [2]) }
    #expect(Expression.decoded(flipping[...]) == [.bitwise(mask: [1], xor: [2])])
    let still = Self.changed(.bitwise(mask: [1], xor: [2])) { $0.attribute(NFTA_BITWISE_XOR.rawValue, data: [0]) }
    #expect(Expression.decoded(still[...]) == [.mask([1])])
    let boolean = Self.changed(.mask([1])) { $0.attribute(NFTA_BITWISE_OP.rawValue, UInt32(0)) }
    #expect(Expression.decoded(boolean[...]) == [.mask([1])])
  }

  @Test("what looks like one of ours but does something else is none")
  func others() {
    #expect(!Self.isKnown(.compare([1]), with: NFTA_CMP_SREG, 2))
    #expect(!Self.isKnown(.compare([1]), with: NFTA_CMP_OP, 2))  // NFT_CMP_LT
    #expect(!Self.isKnown(.range([1], [2]), with: NFTA_RANGE_SREG, 2))
    #expect(!Self.isKnown(.mask([1]), with: NFTA_BITWISE_SREG, 2))
    #expect(!Self.isKnown(.mask([1]), with: NFTA_BITWISE_OP, 1))  // NFT_BITWISE_LSHIFT
    #expect(!Self.isKnown(.meta(NFT_META_MARK), with: NFTA_META_DREG, 0))
    #expect(!Self.isKnown(.destinationType, with: NFTA_FIB_RESULT, 1))
    #expect(!Self.isKnown(.destinationType, with: NFTA_FIB_FLAGS, 1))
    #expect(!Self.isKnown(.connection(NFT_CT_STATE), with: NFTA_CT_DREG, 2))
    #expect(!Self.isKnown(.lookup("a"), with: NFTA_LOOKUP_DREG, 0))  // a map of verdicts
    #expect(!Self.isKnown(.lookup("a"), with: NFTA_LOOKUP_SREG, 2))
    #expect(!Self.isKnown(.destinationNAT(.ip), with: NFTA_NAT_TYPE, 0))  // NFT_NAT_SNAT
    #expect(!Self.isKnown(.destinationNAT(.ip), with: NFTA_NAT_FLAGS, 7))
    #expect(!Self.isKnown(.destinationNAT(.ip), with: NFTA_NAT_REG_PROTO_MAX, 10))
    #expect(!Self.isKnown(.destinationNAT(.ip), with: NFTA_NAT_REG_ADDR_MIN, 2))
    #expect(!Self.isKnown(.masquerade, with: NFTA_MASQ_FLAGS, 0))
    #expect(!Self.isKnown(.masquerade, with: NFTA_MASQ_REG_PROTO_MIN, 1))
    #expect(!Self.isKnown(.bitwise(mask: [1], xor: [2]), with: NFTA_BITWISE_OP, 2))  // NFT_BITWISE_RSHIFT
    #expect(!Self.isKnown(.bitwise(mask: [1], xor: [2]), with: NFTA_BITWISE_DREG, 2))
    #expect(!Self.isKnown(.setMeta(NFT_META_MARK), with: NFTA_META_SREG, 2))
    // In another register than ours.
    let flipping = Self.changed(.mask([1], in: Register(slot: 2))) {
      $0.attribute(NFTA_BITWISE_XOR.rawValue, data: [1])
    }
    #expect(Expression.decoded(flipping[...]) == nil)
    let reply = Self.changed(.originalPort(into: .first)) { $0.attribute(NFTA_CT_DIRECTION.rawValue, UInt8(1)) }
    #expect(Expression.decoded(reply[...]) == nil)
  }

  @Test("an expression of another kind is none, and nor is a rule with one")
  func unknown() {
    var list = NetlinkMessage(type: 0)
    list.nested(NFTA_LIST_ELEM.rawValue) { element in
      element.attribute(NFTA_EXPR_NAME.rawValue, text: "quota")
      element.nested(NFTA_EXPR_DATA.rawValue) { _ in }
    }
    #expect(Expression.decoded(list.contents[...]) == nil)
    #expect(Expression.decoded((Expression.encoded([.counter]) + list.contents)[...]) == nil)
    #expect(Expression.decoded([]) == [])
  }

  @Test("bytes that are cut short anywhere never trap", arguments: Expression.samples)
  func truncated(sample: Expression) {
    let bytes = Expression.encoded([sample])
    for count in bytes.indices {
      _ = Expression.decoded(bytes.prefix(count))
      _ = Expression.decoded(bytes.dropFirst(count))
      var changed = bytes
      changed[count] ^= 0xff
      _ = Expression.decoded(changed[...])
    }
  }
}
