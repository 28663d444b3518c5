// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CLinux
import Netlink

extension Expression {
  /// Decodes the expressions of a rule (`NFTA_RULE_EXPRESSIONS`); nil if ``Expression`` lacks one of them.
  package static func decoded(_ bytes: ArraySlice<UInt8>) -> [Expression]? {
    var list: [Expression] = []
    for element in AttributeList(bytes) {
      guard let expression = Expression(Attributes(element.value)) else { return nil }
      list.append(expression)
    }
    return list
  }

  private init?(_ element: Attributes) {
    let data = ExpressionData(element.nested(Int(NFTA_EXPR_DATA.rawValue)))
    let read: Expression? =
      switch element[Int(NFTA_EXPR_NAME.rawValue)]?.text {
      case "meta": data.meta
      case "payload": data.payload
      case "fib": data.destinationType
      case "ct": data.connection
      case "bitwise": data.mask
      case "cmp": data.comparison
      case "range": data.range
      case "lookup": data.lookup
      case "match":
        data.extended(NFTA_MATCH_NAME.rawValue, NFTA_MATCH_REV.rawValue, NFTA_MATCH_INFO.rawValue)
          .map { .match(name: $0, revision: $1, payload: $2) }
      case "counter": .counter
      case "immediate": data.verdict
      case "nat": data.destinationNAT
      case "masq": data.masquerade
      case "target":
        data.extended(NFTA_TARGET_NAME.rawValue, NFTA_TARGET_REV.rawValue, NFTA_TARGET_INFO.rawValue)
          .map { .target(name: $0, revision: $1, payload: $2) }
      default: nil
      }
    guard let read else { return nil }
    self = read
  }
}

/// The attributes of an expression, to be decoded as one of the kinds.
private struct ExpressionData {
  private let attributes: Attributes

  init(_ attributes: Attributes) { self.attributes = attributes }

  private func word(_ type: UInt32) -> UInt32? { attributes[Int(type)]?.integer(UInt32.self, at: 0)?.bigEndian }

  private func register(_ type: UInt32) -> Register? { word(type).flatMap { Register(number: $0) } }

  private func isFirst(_ type: UInt32) -> Bool { register(type) == .first }

  private func value(_ type: UInt32) -> [UInt8] {
    Array(attributes.nested(Int(type))[Int(NFTA_DATA_VALUE.rawValue)] ?? [])
  }

  var meta: Expression? {
    guard let key = word(NFTA_META_KEY.rawValue) else { return nil }
    if isFirst(NFTA_META_SREG.rawValue) { return .setMeta(nft_meta_keys(key)) }
    guard let register = register(NFTA_META_DREG.rawValue) else { return nil }
    return .meta(nft_meta_keys(key), into: register)
  }

  var payload: Expression? {
    guard
      let register = register(NFTA_PAYLOAD_DREG.rawValue), let base = word(NFTA_PAYLOAD_BASE.rawValue),
      let offset = word(NFTA_PAYLOAD_OFFSET.rawValue), let length = word(NFTA_PAYLOAD_LEN.rawValue)
    else { return nil }
    return .payload(nft_payload_bases(base), offset: offset, length: length, into: register)
  }

  var destinationType: Expression? {
    guard
      word(NFTA_FIB_RESULT.rawValue) == NFT_FIB_RESULT_ADDRTYPE.rawValue,
      word(NFTA_FIB_FLAGS.rawValue) == NFTA_FIB_F_DADDR.rawValue, isFirst(NFTA_FIB_DREG.rawValue)
    else { return nil }
    return .destinationType
  }

  var connection: Expression? {
    guard let key = word(NFTA_CT_KEY.rawValue), let register = register(NFTA_CT_DREG.rawValue) else { return nil }
    guard let direction = attributes[Int(NFTA_CT_DIRECTION.rawValue)] else {
      return register == .first ? .connection(nft_ct_keys(key)) : nil
    }
    return key == NFT_CT_PROTO_DST.rawValue && direction == [Expression.originalDirection]
      ? .originalPort(into: register) : nil
  }

  var mask: Expression? {
    let mask = value(NFTA_BITWISE_MASK.rawValue)
    let xor = value(NFTA_BITWISE_XOR.rawValue)
    guard
      !mask.isEmpty,
      // Newer kernels have other operations, such as shifts; the one with mask and xor is number 0.
      word(NFTA_BITWISE_OP.rawValue) ?? 0 == 0,
      let register = register(NFTA_BITWISE_DREG.rawValue), register == self.register(NFTA_BITWISE_SREG.rawValue)
    else { return nil }
    if xor.allSatisfy({ $0 == 0 }) { return .mask(mask, in: register) }
    return register == .first ? .bitwise(mask: mask, xor: xor) : nil
  }

  var comparison: Expression? {
    guard
      isFirst(NFTA_CMP_SREG.rawValue), let operation = word(NFTA_CMP_OP.rawValue), operation <= NFT_CMP_NEQ.rawValue
    else { return nil }
    return .compare(value(NFTA_CMP_DATA.rawValue), isNegated: operation == NFT_CMP_NEQ.rawValue)
  }

  var range: Expression? {
    guard isFirst(NFTA_RANGE_SREG.rawValue) else { return nil }
    return .range(
      value(NFTA_RANGE_FROM_DATA.rawValue), value(NFTA_RANGE_TO_DATA.rawValue),
      isNegated: word(NFTA_RANGE_OP.rawValue) == NFT_RANGE_NEQ.rawValue)
  }

  var lookup: Expression? {
    guard isFirst(NFTA_LOOKUP_SREG.rawValue), let set = attributes[Int(NFTA_LOOKUP_SET.rawValue)]?.text else {
      return nil
    }
    let loadsData = attributes[Int(NFTA_LOOKUP_DREG.rawValue)] != nil
    if loadsData, !isFirst(NFTA_LOOKUP_DREG.rawValue) { return nil }
    let flags = word(NFTA_LOOKUP_FLAGS.rawValue) ?? 0
    return .lookup(set, isNegated: flags & NFT_LOOKUP_F_INV.rawValue != 0, loadsData: loadsData)
  }

  func extended(_ name: UInt32, _ revision: UInt32, _ info: UInt32) -> (String, UInt8, [UInt8])? {
    guard let name = attributes[Int(name)]?.text, let payload = attributes[Int(info)] else { return nil }
    return (name, UInt8(clamping: word(revision) ?? 0), Array(payload))
  }

  var verdict: Expression? {
    let verdict = attributes.nested(Int(NFTA_IMMEDIATE_DATA.rawValue)).nested(Int(NFTA_DATA_VERDICT.rawValue))
    guard let code = verdict[Int(NFTA_VERDICT_CODE.rawValue)]?.integer(Int32.self, at: 0) else { return nil }
    return .verdict(code.bigEndian, chain: verdict[Int(NFTA_VERDICT_CHAIN.rawValue)]?.text)
  }

  var destinationNAT: Expression? {
    guard
      let family = AddressFamily.allCases.first(where: { UInt32($0.number) == word(NFTA_NAT_FAMILY.rawValue) }),
      word(NFTA_NAT_TYPE.rawValue) == NFT_NAT_DNAT.rawValue, word(NFTA_NAT_FLAGS.rawValue) == Expression.natFlags
    else { return nil }
    let port = Register.first.after(bytes: family.bits / 8)
    guard
      [NFTA_NAT_REG_ADDR_MIN, NFTA_NAT_REG_ADDR_MAX].allSatisfy({ isFirst($0.rawValue) }),
      [NFTA_NAT_REG_PROTO_MIN, NFTA_NAT_REG_PROTO_MAX].allSatisfy({ register($0.rawValue) == port })
    else { return nil }
    return .destinationNAT(family)
  }

  var masquerade: Expression? {
    let hasPorts = [NFTA_MASQ_REG_PROTO_MIN, NFTA_MASQ_REG_PROTO_MAX].contains { word($0.rawValue) != nil }
    if hasPorts { return nil }
    switch word(NFTA_MASQ_FLAGS.rawValue) {
    case Expression.masqueradeFlags: return .masquerade
    case nil: return .masqueradeKeepingPort
    default: return nil
    }
  }
}
