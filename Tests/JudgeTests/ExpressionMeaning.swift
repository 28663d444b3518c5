// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CLinux
import CNftnl
import NFTables
import Netlink

/// An expression in the words of libnftnl. The numbers are those of linux/netfilter/nf_tables.h and nf_nat.h, written out so
/// that they are not taken from where the encoder takes them.
struct ExpressionMeaning {
  let name: String
  let fields: Fields

  init(_ expression: Expression) {
    switch expression {
    case .meta(let key, let register):
      name = "meta"
      fields = [NFTNL_EXPR_META_KEY: .number(key.rawValue), NFTNL_EXPR_META_DREG: .number(register.kernelNumber)]
    case .setMeta(let key):
      name = "meta"
      fields = [NFTNL_EXPR_META_KEY: .number(key.rawValue), NFTNL_EXPR_META_SREG: .number(1)]
    case .payload(let base, let offset, let length, let register):
      name = "payload"
      fields = [
        NFTNL_EXPR_PAYLOAD_BASE: .number(base.rawValue), NFTNL_EXPR_PAYLOAD_OFFSET: .number(offset),
        NFTNL_EXPR_PAYLOAD_LEN: .number(length), NFTNL_EXPR_PAYLOAD_DREG: .number(register.kernelNumber),
      ]
    case .destinationType:
      name = "fib"
      // NFT_FIB_RESULT_ADDRTYPE, NFTA_FIB_F_DADDR
      fields = [NFTNL_EXPR_FIB_RESULT: .number(3), NFTNL_EXPR_FIB_FLAGS: .number(2), NFTNL_EXPR_FIB_DREG: .number(1)]
    case .connection(let key):
      name = "ct"
      fields = [NFTNL_EXPR_CT_KEY: .number(key.rawValue), NFTNL_EXPR_CT_DREG: .number(1)]
    case .originalPort(let register):
      name = "ct"
      // NFT_CT_PROTO_DST, IP_CT_DIR_ORIGINAL
      fields = [
        NFTNL_EXPR_CT_KEY: .number(12), NFTNL_EXPR_CT_DIR: .byte(0), NFTNL_EXPR_CT_DREG: .number(register.kernelNumber),
      ]
    case .mask(let mask, let register):
      name = "bitwise"
      fields = Self.bitwise(mask, [UInt8](repeating: 0, count: mask.count), register)
    case .bitwise(let mask, let xor):
      name = "bitwise"
      fields = Self.bitwise(mask, xor, .first)
    case .compare(let value, let isNegated):
      name = "cmp"
      fields = [
        NFTNL_EXPR_CMP_SREG: .number(1), NFTNL_EXPR_CMP_OP: .number(isNegated ? 1 : 0),
        NFTNL_EXPR_CMP_DATA: .bytes(value),
      ]
    case .range(let from, let to, let isNegated):
      name = "range"
      fields = [
        NFTNL_EXPR_RANGE_SREG: .number(1), NFTNL_EXPR_RANGE_OP: .number(isNegated ? 1 : 0),
        NFTNL_EXPR_RANGE_FROM_DATA: .bytes(from), NFTNL_EXPR_RANGE_TO_DATA: .bytes(to),
      ]
    case .lookup(let set, let isNegated, let loadsData):
      name = "lookup"
      var lookup: Fields = [
        NFTNL_EXPR_LOOKUP_SET: .text(set), NFTNL_EXPR_LOOKUP_SREG: .number(1),
        NFTNL_EXPR_LOOKUP_FLAGS: .number(isNegated ? 1 : 0),
      ]
      if loadsData { lookup[NFTNL_EXPR_LOOKUP_DREG] = .number(1) }
      fields = lookup
    case .match(let title, let revision, let payload):
      name = "match"
      fields = [
        NFTNL_EXPR_MT_NAME: .text(title), NFTNL_EXPR_MT_REV: .number(UInt32(revision)),
        NFTNL_EXPR_MT_INFO: .bytes(payload),
      ]
    case .counter:
      name = "counter"
      fields = [NFTNL_EXPR_CTR_PACKETS: .long(0), NFTNL_EXPR_CTR_BYTES: .long(0)]
    case .verdict(let code, let chain):
      name = "immediate"
      var verdict: Fields = [
        NFTNL_EXPR_IMM_DREG: .number(0), NFTNL_EXPR_IMM_VERDICT: .number(UInt32(bitPattern: code)),
      ]
      if let chain { verdict[NFTNL_EXPR_IMM_CHAIN] = .text(chain) }
      fields = verdict
    case .destinationNAT(let family):
      name = "nat"
      let port = FieldValue.number(family == .ip ? 9 : 2)  // NFT_REG32_01, NFT_REG_2
      // NFT_NAT_DNAT; NF_NAT_RANGE_MAP_IPS | NF_NAT_RANGE_PROTO_SPECIFIED
      fields = [
        NFTNL_EXPR_NAT_TYPE: .number(1), NFTNL_EXPR_NAT_FAMILY: .number(family == .ip ? 2 : 10),
        NFTNL_EXPR_NAT_REG_ADDR_MIN: .number(1), NFTNL_EXPR_NAT_REG_ADDR_MAX: .number(1),
        NFTNL_EXPR_NAT_REG_PROTO_MIN: port, NFTNL_EXPR_NAT_REG_PROTO_MAX: port, NFTNL_EXPR_NAT_FLAGS: .number(3),
      ]
    case .masquerade:
      name = "masq"
      fields = [NFTNL_EXPR_MASQ_FLAGS: .number(16)]  // NF_NAT_RANGE_PROTO_RANDOM_FULLY
    case .masqueradeKeepingPort:
      name = "masq"
      fields = [:]
    case .target(let title, let revision, let payload):
      name = "target"
      fields = [
        NFTNL_EXPR_TG_NAME: .text(title), NFTNL_EXPR_TG_REV: .number(UInt32(revision)),
        NFTNL_EXPR_TG_INFO: .bytes(payload),
      ]
    }
  }

  private static func bitwise(_ mask: [UInt8], _ xor: [UInt8], _ register: Register) -> Fields {
    [
      NFTNL_EXPR_BITWISE_SREG: .number(register.kernelNumber), NFTNL_EXPR_BITWISE_DREG: .number(register.kernelNumber),
      NFTNL_EXPR_BITWISE_LEN: .number(UInt32(mask.count)), NFTNL_EXPR_BITWISE_MASK: .bytes(mask),
      NFTNL_EXPR_BITWISE_XOR: .bytes(xor),
    ]
  }
}

extension Register {
  /// `NFT_REG_1` to `NFT_REG_4` of 16 bytes each where one begins, elsewhere `NFT_REG32_00` and so on.
  fileprivate var kernelNumber: UInt32 {
    switch slot {
    case 0: 1
    case 4: 2
    case 8: 3
    case 12: 4
    default: UInt32(8 + slot)
    }
  }
}

/// The cases of ``Expression``: a case that is added there does not compile here until it is judged as well.
enum ExpressionCase: CaseIterable {
  case meta, setMeta, payload, destinationType, connection, originalPort, mask, bitwise, compare, range, lookup, match
  case counter, verdict, destinationNAT, masquerade, masqueradeKeepingPort, target

  init(_ expression: Expression) {
    self =
      switch expression {
      case .meta: .meta
      case .setMeta: .setMeta
      case .payload: .payload
      case .destinationType: .destinationType
      case .connection: .connection
      case .originalPort: .originalPort
      case .mask: .mask
      case .bitwise: .bitwise
      case .compare: .compare
      case .range: .range
      case .lookup: .lookup
      case .match: .match
      case .counter: .counter
      case .verdict: .verdict
      case .destinationNAT: .destinationNAT
      case .masquerade: .masquerade
      case .masqueradeKeepingPort: .masqueradeKeepingPort
      case .target: .target
      }
  }
}
