// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNftnl

/// One step of a rule, as the kernel's virtual machine runs it.
protocol Expression: Sendable {
  /// The kernel's name for this kind (net/netfilter/nft_*.c).
  var kind: String { get }
  /// The chain that the rule may go on in; nil for most.
  var jump: String? { get }
  /// Sets the attributes of a fresh expression.
  func fill(_ expression: OpaquePointer)
}

/// A place for a value: 16 slots of four bytes each (linux/netfilter/nf_tables.h, `enum nft_registers`).
struct Register: Hashable, Sendable {
  let slot: Int

  static let first = Register(slot: 0)

  /// The number as the kernel prints it: a whole 16-byte register where one begins here.
  var number: UInt32 { UInt32(slot % 4 == 0 ? 1 + slot / 4 : 8 + slot) }

  /// The register after a value of so many bytes.
  func after(bytes: Int) -> Register { Register(slot: slot + (bytes + 3) / 4) }
}

extension Expression {
  var jump: String? { nil }

  func set(_ expression: OpaquePointer, _ attribute: Int, _ value: UInt32) {
    unsafe nftnl_expr_set_u32(expression, UInt16(attribute), value)
  }

  func set(_ expression: OpaquePointer, _ attribute: Int, _ bytes: [UInt8]) {
    _ = unsafe nftnl_expr_set(expression, UInt16(attribute), bytes, UInt32(bytes.count))
  }

  func set(_ expression: OpaquePointer, _ attribute: Int, _ text: String) {
    _ = unsafe nftnl_expr_set_str(expression, UInt16(attribute), text)
  }
}
