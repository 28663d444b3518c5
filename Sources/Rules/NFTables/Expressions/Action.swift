// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CLinux
import CNftnl

/// Ends the rule: takes a decision, or goes on in another chain.
struct Verdict: Expression {
  let code: Int32
  /// For a jump or a goto.
  var chain: String?

  static let accept = Verdict(code: 1)  // NF_ACCEPT, linux/netfilter.h
  static let drop = Verdict(code: 0)  // NF_DROP
  static let `return` = Verdict(code: NFT_RETURN.rawValue)
  static func jump(_ chain: String) -> Verdict { Verdict(code: NFT_JUMP.rawValue, chain: chain) }
  /// Like a jump, but what the other chain does not decide is decided where this one was jumped to from.
  static func goto(_ chain: String) -> Verdict { Verdict(code: NFT_GOTO.rawValue, chain: chain) }

  let kind = "immediate"
  var jump: String? { chain }
  func fill(_ expression: OpaquePointer) {
    unsafe set(expression, NFTNL_EXPR_IMM_DREG, NFT_REG_VERDICT.rawValue)
    unsafe set(expression, NFTNL_EXPR_IMM_VERDICT, UInt32(bitPattern: code))
    if let chain { unsafe set(expression, NFTNL_EXPR_IMM_CHAIN, chain) }
  }
}

/// Sends the connection to the address and port that a lookup has loaded.
struct DestinationNAT: Expression {
  let family: AddressFamily

  let kind = "nat"
  func fill(_ expression: OpaquePointer) {
    let port = Register.first.after(bytes: family.bits / 8)
    unsafe set(expression, NFTNL_EXPR_NAT_TYPE, NFT_NAT_DNAT.rawValue)
    unsafe set(expression, NFTNL_EXPR_NAT_FAMILY, UInt32(family.number))
    unsafe set(expression, NFTNL_EXPR_NAT_REG_ADDR_MIN, Register.first.number)
    unsafe set(expression, NFTNL_EXPR_NAT_REG_ADDR_MAX, Register.first.number)
    unsafe set(expression, NFTNL_EXPR_NAT_REG_PROTO_MIN, port.number)
    unsafe set(expression, NFTNL_EXPR_NAT_REG_PROTO_MAX, port.number)
    // The kernel sets these two for itself and shows them; said here, the rule that is read back is the one that was
    // sent.
    unsafe set(expression, NFTNL_EXPR_NAT_FLAGS, UInt32(NF_NAT_RANGE_MAP_IPS | NF_NAT_RANGE_PROTO_SPECIFIED))
  }
}

/// Gives the connection the address of the interface it leaves by, and a random port of it.
struct MasqueradeSource: Expression {
  let kind = "masq"
  func fill(_ expression: OpaquePointer) {
    unsafe set(expression, NFTNL_EXPR_MASQ_FLAGS, UInt32(NF_NAT_RANGE_PROTO_RANDOM_FULLY))
  }
}
