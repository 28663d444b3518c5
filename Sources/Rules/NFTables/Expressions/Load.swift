// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CLinux
import CNftnl

/// Loads something about the packet, such as its mark or its interface.
struct LoadMeta: Expression {
  let key: nft_meta_keys
  var register = Register.first

  let kind = "meta"
  func fill(_ expression: OpaquePointer) {
    unsafe set(expression, NFTNL_EXPR_META_KEY, key.rawValue)
    unsafe set(expression, NFTNL_EXPR_META_DREG, register.number)
  }
}

/// Loads bytes of the packet.
struct LoadPayload: Expression {
  let base: nft_payload_bases
  /// Both in bytes.
  let offset: UInt32
  let length: UInt32
  var register = Register.first

  let kind = "payload"
  func fill(_ expression: OpaquePointer) {
    unsafe set(expression, NFTNL_EXPR_PAYLOAD_DREG, register.number)
    unsafe set(expression, NFTNL_EXPR_PAYLOAD_BASE, base.rawValue)
    unsafe set(expression, NFTNL_EXPR_PAYLOAD_OFFSET, offset)
    unsafe set(expression, NFTNL_EXPR_PAYLOAD_LEN, length)
  }
}

/// Loads the type of the packet's destination address, such as `RTN_LOCAL` (linux/rtnetlink.h), from the routing
/// tables.
struct LoadDestinationType: Expression {
  let kind = "fib"
  func fill(_ expression: OpaquePointer) {
    unsafe set(expression, NFTNL_EXPR_FIB_DREG, Register.first.number)
    unsafe set(expression, NFTNL_EXPR_FIB_RESULT, NFT_FIB_RESULT_ADDRTYPE.rawValue)
    unsafe set(expression, NFTNL_EXPR_FIB_FLAGS, NFTA_FIB_F_DADDR.rawValue)
  }
}

/// Loads bits about the packet's connection: of its status (linux/netfilter/nf_conntrack_common.h, `enum
/// ip_conntrack_status`), or of the packet's state in it.
struct LoadConnection: Expression {
  let key: nft_ct_keys

  let kind = "ct"
  func fill(_ expression: OpaquePointer) {
    unsafe set(expression, NFTNL_EXPR_CT_KEY, key.rawValue)
    unsafe set(expression, NFTNL_EXPR_CT_DREG, Register.first.number)
  }
}

/// Loads the port that the connection's first packet was sent to, before any address translation.
struct LoadOriginalPort: Expression {
  let register: Register

  let kind = "ct"
  func fill(_ expression: OpaquePointer) {
    unsafe set(expression, NFTNL_EXPR_CT_KEY, NFT_CT_PROTO_DST.rawValue)
    unsafe set(expression, NFTNL_EXPR_CT_DREG, register.number)
    let original: UInt8 = 0  // IP_CT_DIR_ORIGINAL, linux/netfilter/nf_conntrack_tuple_common.h
    unsafe set(expression, NFTNL_EXPR_CT_DIR, [original])
  }
}
