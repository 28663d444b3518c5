// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CLinux
import Netlink

extension NetlinkMessage {
  /// Appends the expressions of a rule.
  package mutating func attribute(expressions: [Expression]) {
    nested(NFTA_RULE_EXPRESSIONS.rawValue) { $0.append(expressions) }
  }

  fileprivate mutating func append(_ expressions: [Expression]) {
    for expression in expressions {
      nested(NFTA_LIST_ELEM.rawValue) { element in
        element.attribute(NFTA_EXPR_NAME.rawValue, text: expression.kind)
        element.nested(NFTA_EXPR_DATA.rawValue) { expression.append(to: &$0) }
      }
    }
  }
}

extension NetlinkMessage {
  /// Appends the attributes of a bitwise operation on a register.
  fileprivate mutating func bitwise(_ mask: [UInt8], xor: [UInt8], _ register: Register) {
    attribute(NFTA_BITWISE_SREG.rawValue, register.number.bigEndian)
    attribute(NFTA_BITWISE_DREG.rawValue, register.number.bigEndian)
    attribute(NFTA_BITWISE_LEN.rawValue, UInt32(mask.count).bigEndian)
    attribute(NFTA_BITWISE_MASK.rawValue, data: mask)
    attribute(NFTA_BITWISE_XOR.rawValue, data: xor)
  }
}

extension Expression {
  /// The bytes of `NFTA_RULE_EXPRESSIONS`.
  package static func encoded(_ expressions: [Expression]) -> [UInt8] {
    var list = NetlinkMessage(type: 0)
    list.append(expressions)
    return list.contents
  }

  /// Appends the attributes of its kind; integers are in network byte order.
  fileprivate func append(to data: inout NetlinkMessage) {
    func word(_ type: UInt32, _ value: UInt32) { data.attribute(type, value.bigEndian) }
    let first = Register.first.number
    switch self {
    case .meta(let key, let register):
      word(NFTA_META_KEY.rawValue, key.rawValue)
      word(NFTA_META_DREG.rawValue, register.number)
    case .payload(let base, let offset, let length, let register):
      word(NFTA_PAYLOAD_DREG.rawValue, register.number)
      word(NFTA_PAYLOAD_BASE.rawValue, base.rawValue)
      word(NFTA_PAYLOAD_OFFSET.rawValue, offset)
      word(NFTA_PAYLOAD_LEN.rawValue, length)
    case .destinationType:
      word(NFTA_FIB_RESULT.rawValue, NFT_FIB_RESULT_ADDRTYPE.rawValue)
      word(NFTA_FIB_FLAGS.rawValue, NFTA_FIB_F_DADDR.rawValue)
      word(NFTA_FIB_DREG.rawValue, first)
    case .connection(let key):
      word(NFTA_CT_KEY.rawValue, key.rawValue)
      word(NFTA_CT_DREG.rawValue, first)
    case .originalPort(let register):
      word(NFTA_CT_KEY.rawValue, NFT_CT_PROTO_DST.rawValue)
      word(NFTA_CT_DREG.rawValue, register.number)
      data.attribute(NFTA_CT_DIRECTION.rawValue, Self.originalDirection)
    case .setMeta(let key):
      word(NFTA_META_KEY.rawValue, key.rawValue)
      word(NFTA_META_SREG.rawValue, first)
    case .mask(let mask, let register):
      data.bitwise(mask, xor: [UInt8](repeating: 0, count: mask.count), register)
    case .bitwise(let mask, let xor):
      data.bitwise(mask, xor: xor, .first)
    case .compare(let bytes, let isNegated):
      word(NFTA_CMP_SREG.rawValue, first)
      word(NFTA_CMP_OP.rawValue, (isNegated ? NFT_CMP_NEQ : NFT_CMP_EQ).rawValue)
      data.attribute(NFTA_CMP_DATA.rawValue, data: bytes)
    case .range(let from, let to, let isNegated):
      word(NFTA_RANGE_SREG.rawValue, first)
      word(NFTA_RANGE_OP.rawValue, (isNegated ? NFT_RANGE_NEQ : NFT_RANGE_EQ).rawValue)
      data.attribute(NFTA_RANGE_FROM_DATA.rawValue, data: from)
      data.attribute(NFTA_RANGE_TO_DATA.rawValue, data: to)
    case .lookup(let set, let isNegated, let loadsData):
      data.attribute(NFTA_LOOKUP_SET.rawValue, text: set)
      word(NFTA_LOOKUP_SREG.rawValue, first)
      if loadsData { word(NFTA_LOOKUP_DREG.rawValue, first) }
      word(NFTA_LOOKUP_FLAGS.rawValue, isNegated ? UInt32(NFT_LOOKUP_F_INV.rawValue) : 0)
    case .match(let name, let revision, let payload):
      data.attribute(NFTA_MATCH_NAME.rawValue, text: name)
      word(NFTA_MATCH_REV.rawValue, UInt32(revision))
      data.attribute(NFTA_MATCH_INFO.rawValue, payload)
    case .counter:
      data.attribute(NFTA_COUNTER_BYTES.rawValue, UInt64(0))
      data.attribute(NFTA_COUNTER_PACKETS.rawValue, UInt64(0))
    case .verdict(let code, let chain):
      word(NFTA_IMMEDIATE_DREG.rawValue, NFT_REG_VERDICT.rawValue)
      data.nested(NFTA_IMMEDIATE_DATA.rawValue) { value in
        value.nested(NFTA_DATA_VERDICT.rawValue) { verdict in
          verdict.attribute(NFTA_VERDICT_CODE.rawValue, code.bigEndian)
          if let chain { verdict.attribute(NFTA_VERDICT_CHAIN.rawValue, text: chain) }
        }
      }
    case .destinationNAT(let family):
      let port = Register.first.after(bytes: family.bits / 8).number
      word(NFTA_NAT_TYPE.rawValue, NFT_NAT_DNAT.rawValue)
      word(NFTA_NAT_FAMILY.rawValue, UInt32(family.number))
      word(NFTA_NAT_REG_ADDR_MIN.rawValue, first)
      word(NFTA_NAT_REG_ADDR_MAX.rawValue, first)
      word(NFTA_NAT_REG_PROTO_MIN.rawValue, port)
      word(NFTA_NAT_REG_PROTO_MAX.rawValue, port)
      word(NFTA_NAT_FLAGS.rawValue, Self.natFlags)
    case .masquerade:
      word(NFTA_MASQ_FLAGS.rawValue, Self.masqueradeFlags)
    case .masqueradeKeepingPort: break
    case .target(let name, let revision, let payload):
      data.attribute(NFTA_TARGET_NAME.rawValue, text: name)
      word(NFTA_TARGET_REV.rawValue, UInt32(revision))
      data.attribute(NFTA_TARGET_INFO.rawValue, payload)
    }
  }

  /// `IP_CT_DIR_ORIGINAL`, linux/netfilter/nf_conntrack_tuple_common.h
  static let originalDirection: UInt8 = 0
  /// The kernel sets these two by itself and shows them; because we send them too, a rule reads back as it was sent.
  static let natFlags = UInt32(NF_NAT_RANGE_MAP_IPS | NF_NAT_RANGE_PROTO_SPECIFIED)
  static let masqueradeFlags = UInt32(NF_NAT_RANGE_PROTO_RANDOM_FULLY)
}
