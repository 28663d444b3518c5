// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CLinux
import Glibc
import OS
import Rules

/// What the kernel has of a way to keep tables of iptables.
package enum IPTablesPresence: Sendable {
  /// The kernel cannot keep them so.
  case missing
  /// Nobody has rules there.
  case empty
  case used
}

extension IPTablesSettings.Variant {
  /// The variant whose tables hold rules; with both or none, the one that the host's administrator prefers, if the kernel can do
  /// it.
  static func chosen(
    nft: IPTablesPresence, legacy: IPTablesPresence, preferred: () -> IPTablesSettings.Variant
  ) -> IPTablesSettings.Variant {
    switch (nft, legacy) {
    case (.used, .used), (.empty, .empty): preferred()
    // Of a kernel that has neither, what lacks is the module for the legacy variant, which is not loaded by itself.
    case (_, .used), (.missing, _): .legacy
    case (.used, _), (_, .missing): .nft
    }
  }
}

extension AddressFamily {
  /// Whether the kernel has the family: IPv6 may not be in it, or be turned off (`ipv6.disable=1`).
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
