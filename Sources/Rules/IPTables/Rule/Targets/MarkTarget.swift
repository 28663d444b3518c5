// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Netlink

/// `-j MARK --set-xmark …`: clears the mask's bits and flips those of the value (linux/netfilter/xt_mark.h).
package struct MarkTarget: XTablesExtension, Hashable {
  package let value: UInt32
  package let mask: UInt32

  package init(_ value: UInt32, mask: UInt32) {
    self.value = value
    self.mask = mask
  }

  package let name = "MARK"
  package let revision: UInt8 = 2

  /// struct xt_mark_tginfo2
  package var payload: [UInt8] {
    var bytes: [UInt8] = []
    bytes.append(integer: value)
    bytes.append(integer: mask)
    return bytes
  }

  package var options: String { "--set-xmark \(hexadecimal(value))/\(hexadecimal(mask))" }

  package init?(_ name: String, _ revision: UInt8, _ payload: ArraySlice<UInt8>) {
    guard
      name == "MARK", revision == 2, let value = payload.integer(UInt32.self, at: 0),
      let mask = payload.integer(UInt32.self, at: 4)
    else { return nil }
    self.init(value, mask: mask)
  }
}
