// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CLinux

/// A step of a rule, as the virtual machine of nf_tables runs it (linux/netfilter/nf_tables.h), described as `nft --debug
/// netlink` prints it. A test reads the first register unless it says otherwise.
package enum Expression: Equatable, Sendable {
  /// `[ meta load mark => reg 1 ]`: loads something about the packet.
  case meta(nft_meta_keys, into: Register = .first)
  /// `[ payload load 4b @ network header + 12 => reg 1 ]`: loads bytes of the packet.
  case payload(nft_payload_bases, offset: UInt32, length: UInt32, into: Register = .first)
  /// `[ fib daddr type => reg 1 ]`: loads the type of the destination, such as `RTN_LOCAL` (linux/rtnetlink.h).
  case destinationType
  /// `[ ct load status => reg 1 ]`: loads bits about the connection: of its status (`enum ip_conntrack_status`,
  /// linux/netfilter/nf_conntrack_common.h), or of the packet's state in it.
  case connection(nft_ct_keys)
  /// `[ ct load proto_dst => reg 1 , dir original ]`: loads the port that the connection's first packet was sent to, before
  /// any address translation.
  case originalPort(into: Register)

  /// `[ bitwise reg 1 = ( reg 1 & 0x0000ffff ) ^ 0x00000000 ]`: clears the bits that the mask lacks.
  case mask([UInt8], in: Register = .first)
  /// `[ bitwise reg 1 = ( reg 1 & 0xffffefff ) ^ 0x00001000 ]`: clears the bits that the mask lacks, then flips those of `xor`.
  case bitwise(mask: [UInt8], xor: [UInt8])
  /// `[ meta set mark with reg 1 ]`: sets something about the packet.
  case setMeta(nft_meta_keys)
  /// `[ cmp eq reg 1 0x0100007f ]`: continues only if the register has these bytes, or, negated, other bytes.
  case compare([UInt8], isNegated: Bool = false)
  /// `[ range eq reg 1 0x00005000 0x00005100 ]`
  case range([UInt8], [UInt8], isNegated: Bool = false)
  /// `[ lookup reg 1 set name ]`: continues only if the registers from the first on are an element of the set, or, negated, are
  /// none; for a map it loads the element's data.
  case lookup(String, isNegated: Bool = false, loadsData: Bool = false)
  /// `[ match name comment rev 0 ]`: a match of x_tables, whose payload is a multiple of eight bytes.
  case match(name: String, revision: UInt8, payload: [UInt8])

  /// `[ counter pkts 0 bytes 0 ]`
  case counter
  /// `[ immediate reg 0 jump -> name ]`: a verdict, or a jump to another chain; see ``jump(_:)``.
  case verdict(Int32, chain: String? = nil)
  /// `[ nat dnat ip addr_min reg 1 addr_max reg 1 proto_min reg 9 proto_max reg 9 flags 0x3 ]`: sends the connection to the
  /// address and port that a lookup has loaded.
  case destinationNAT(AddressFamily)
  /// `[ masq flags 0x10 ]`: gives the connection the address of the interface it leaves by as its source, and a random source
  /// port.
  case masquerade
  /// `[ masq ]`: the same, with the connection's own port where nobody else has it.
  case masqueradeKeepingPort
  /// `[ target name MARK rev 2 ]`: a target of x_tables, like a match.
  case target(name: String, revision: UInt8, payload: [UInt8])
}

extension Expression {
  package static let accept = Expression.verdict(NF_ACCEPT)
  package static let drop = Expression.verdict(NF_DROP)
  package static let `return` = Expression.verdict(NFT_RETURN.rawValue)
  package static func jump(_ chain: String) -> Expression { .verdict(NFT_JUMP.rawValue, chain: chain) }
  /// Like a jump, but a packet that the other chain does not decide on returns to the caller of this chain.
  package static func goto(_ chain: String) -> Expression { .verdict(NFT_GOTO.rawValue, chain: chain) }

  /// The kernel's name for this kind (net/netfilter/nft_*.c).
  package var kind: String {
    switch self {
    case .meta, .setMeta: "meta"
    case .payload: "payload"
    case .destinationType: "fib"
    case .connection, .originalPort: "ct"
    case .mask, .bitwise: "bitwise"
    case .compare: "cmp"
    case .range: "range"
    case .lookup: "lookup"
    case .match: "match"
    case .counter: "counter"
    case .verdict: "immediate"
    case .destinationNAT: "nat"
    case .masquerade, .masqueradeKeepingPort: "masq"
    case .target: "target"
    }
  }

  /// The chain that a verdict jumps or goes to; nil for other expressions.
  package var jump: String? {
    if case .verdict(_, let chain) = self { chain } else { nil }
  }
}

/// A register, by the first of its slots: there are 16 of four bytes each (linux/netfilter/nf_tables.h, `enum nft_registers`).
package struct Register: Equatable, Sendable {
  package let slot: Int

  package static let first = Register(slot: 0)

  package init(slot: Int) { self.slot = slot }

  /// The register after a value of this many bytes.
  package func after(bytes: Int) -> Register { Register(slot: slot + (bytes + 3) / 4) }

  /// The number as the kernel prints it: that of the 16-byte register if one begins here.
  package var number: UInt32 { UInt32(slot % 4 == 0 ? 1 + slot / 4 : 8 + slot) }

  /// The register with this number, of which it may have two; nil for unknown numbers and the verdict register.
  package init?(number: UInt32) {
    switch number {
    case 1...4: slot = 4 * Int(number - 1)
    case 8...23: slot = Int(number - 8)
    default: return nil
    }
  }
}
