// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CLinux
import Glibc
import OS
import Rules

/// Whether the kernel can keep tables of a variant, and whether these are used.
package enum IPTablesPresence: Sendable {
  /// The kernel does not support the variant.
  case missing
  /// The tables hold no rules.
  case empty
  case used
}

extension IPTablesSettings.Variant {
  /// The variant whose tables hold rules; if both or neither do, the preferred one, if the kernel supports it.
  static func chosen(
    nft: IPTablesPresence, legacy: IPTablesPresence, preferred: () -> IPTablesSettings.Variant
  ) -> IPTablesSettings.Variant {
    switch (nft, legacy) {
    case (.used, .used), (.empty, .empty): preferred()
    // A kernel that supports neither lacks the module of the legacy variant, which is not loaded automatically.
    case (_, .used), (.missing, _): .legacy
    case (.used, _), (_, .missing): .nft
    }
  }
}

extension AddressFamily {
  /// Whether the kernel has the family: it may be built without IPv6, or run with `ipv6.disable=1`.
  package var isOfKernel: Bool {
    let action = "open an \(title) socket"
    do {
      let number = try systemCall(action) {
        socket(Int32(self.number), Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
      }
      _ = FileDescriptor(owning: number)
      return true
    } catch {
      return error.number != EAFNOSUPPORT
    }
  }
}
