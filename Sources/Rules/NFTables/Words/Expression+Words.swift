// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CLinux

extension Expression {
  /// The expression as `nft --debug netlink` prints it.
  var words: String { "[ \(kind) \(detail)]" }

  private var detail: String {
    switch self {
    case .meta(let key, let register): "load \(Self.name(key)) => reg \(register.number) "
    case .setMeta(let key): "set \(Self.name(key)) with reg 1 "
    case .payload(let base, let offset, let length, let register):
      "load \(length)b @ \(Self.name(base)) header + \(offset) => reg \(register.number) "
    case .destinationType: "daddr type => reg 1 "
    case .connection(let key): "load \(Self.name(key)) => reg 1 "
    case .originalPort(let register): "load proto_dst => reg \(register.number) , dir original "
    case .mask(let mask, let register):
      "reg \(register.number) = ( reg \(register.number) & \(hexadecimal(mask)) ) "
    case .bitwise(let mask, let xor): "reg 1 = ( reg 1 & \(hexadecimal(mask)) ) ^ \(hexadecimal(xor)) "
    case .compare(let bytes, let isNegated): "\(isNegated ? "neq" : "eq") reg 1 \(hexadecimal(bytes)) "
    case .range(let from, let to, let isNegated):
      "\(isNegated ? "neq" : "eq") reg 1 \(hexadecimal(from)) \(hexadecimal(to)) "
    case .lookup(let set, let isNegated, let loadsData):
      "reg 1 set \(set) \(loadsData ? "dreg 1 " : "")\(isNegated ? "0x1 " : "")"
    case .match(let name, let revision, _), .target(let name, let revision, _): "name \(name) rev \(revision) "
    case .counter: "pkts 0 bytes 0 "
    case .verdict(let code, let chain): "reg 0 \(Self.verdict(code))\(chain.map { " -> \($0)" } ?? "") "
    case .destinationNAT(let family): "dnat \(family == .ip ? "ip" : "ip6") addr_min reg 1 "
    case .masquerade: "flags random-fully "
    case .masqueradeKeepingPort: ""
    }
  }

  private static func name(_ key: nft_meta_keys) -> String {
    switch key {
    case NFT_META_NFPROTO: "nfproto"
    case NFT_META_L4PROTO: "l4proto"
    case NFT_META_MARK: "mark"
    case NFT_META_IIFNAME: "iifname"
    case NFT_META_OIFNAME: "oifname"
    default: "key \(key.rawValue)"
    }
  }

  private static func name(_ base: nft_payload_bases) -> String {
    switch base {
    case NFT_PAYLOAD_LL_HEADER: "link"
    case NFT_PAYLOAD_NETWORK_HEADER: "network"
    case NFT_PAYLOAD_TRANSPORT_HEADER: "transport"
    default: "base \(base.rawValue)"
    }
  }

  private static func name(_ key: nft_ct_keys) -> String {
    switch key {
    case NFT_CT_STATE: "state"
    case NFT_CT_STATUS: "status"
    default: "key \(key.rawValue)"
    }
  }

  private static func verdict(_ code: Int32) -> String {
    switch code {
    case NF_ACCEPT: "accept"
    case NF_DROP: "drop"
    case NFT_RETURN.rawValue: "return"
    case NFT_JUMP.rawValue: "jump"
    case NFT_GOTO.rawValue: "goto"
    default: "verdict \(code)"
    }
  }
}
