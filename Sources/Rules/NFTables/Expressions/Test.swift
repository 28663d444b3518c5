// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CLinux
import CNftnl

/// Goes on only if the register holds (or does not hold) these bytes.
struct Compare: Expression {
  var isNegated = false
  let bytes: [UInt8]

  let kind = "cmp"
  func fill(_ expression: OpaquePointer) {
    unsafe set(expression, NFTNL_EXPR_CMP_SREG, Register.first.number)
    unsafe set(expression, NFTNL_EXPR_CMP_OP, (isNegated ? NFT_CMP_NEQ : NFT_CMP_EQ).rawValue)
    unsafe set(expression, NFTNL_EXPR_CMP_DATA, bytes)
  }
}

/// Clears the bits of a register that are not in the mask.
struct Mask: Expression {
  let mask: [UInt8]
  var register = Register.first

  let kind = "bitwise"
  func fill(_ expression: OpaquePointer) {
    unsafe set(expression, NFTNL_EXPR_BITWISE_SREG, register.number)
    unsafe set(expression, NFTNL_EXPR_BITWISE_DREG, register.number)
    unsafe set(expression, NFTNL_EXPR_BITWISE_LEN, UInt32(mask.count))
    unsafe set(expression, NFTNL_EXPR_BITWISE_MASK, mask)
    unsafe set(expression, NFTNL_EXPR_BITWISE_XOR, [UInt8](repeating: 0, count: mask.count))
  }
}

/// Goes on only if the registers from the first on hold (or do not hold) an element of a set; of a map it loads the
/// element's data.
struct Lookup: Expression {
  let set: String
  var isNegated = false
  var loadsData = false

  let kind = "lookup"
  func fill(_ expression: OpaquePointer) {
    unsafe set(expression, NFTNL_EXPR_LOOKUP_SREG, Register.first.number)
    unsafe set(expression, NFTNL_EXPR_LOOKUP_SET, set)
    if loadsData { unsafe set(expression, NFTNL_EXPR_LOOKUP_DREG, Register.first.number) }
    unsafe set(expression, NFTNL_EXPR_LOOKUP_FLAGS, isNegated ? UInt32(NFT_LOOKUP_F_INV.rawValue) : 0)
  }
}
