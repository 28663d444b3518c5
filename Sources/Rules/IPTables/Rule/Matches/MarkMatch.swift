// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Netlink

/// `-m mark --mark …` (linux/netfilter/xt_mark.h).
package struct MarkMatch: XTablesExtension, Hashable {
  package let value: UInt32
  /// The bits that count.
  package let mask: UInt32
  package let isNegated: Bool

  package init(_ value: UInt32, mask: UInt32 = .max, isNegated: Bool = false) {
    self.value = value
    self.mask = mask
    self.isNegated = isNegated
  }

  package let name = "mark"
  package let revision: UInt8 = 1

  /// struct xt_mark_mtinfo1: mark, mask, whether it is negated, padding.
  package var payload: [UInt8] {
    var bytes: [UInt8] = []
    bytes.append(integer: value)
    bytes.append(integer: mask)
    return bytes + [isNegated ? 1 : 0, 0, 0, 0]
  }

  package var options: String {
    let all = mask == .max ? "" : "/\(hexadecimal(mask))"
    return "\(isNegated ? "! " : "")--mark \(hexadecimal(value))\(all)"
  }

  package init?(_ name: String, _ revision: UInt8, _ payload: ArraySlice<UInt8>) {
    guard
      name == "mark", revision == 1, let value = payload.integer(UInt32.self, at: 0),
      let mask = payload.integer(UInt32.self, at: 4), let negated = payload.dropFirst(8).first
    else { return nil }
    self.init(value, mask: mask, isNegated: negated != 0)
  }
}

/// As C prints a number with `%#x`, except 0.
func hexadecimal(_ number: UInt32) -> String { "0x" + String(number, radix: 16) }
