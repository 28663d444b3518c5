// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import JSON

extension Field {
  /// The name of a user-defined chain of iptables; nil if missing.
  package func chainName() throws(FieldError) -> String? {
    guard let name = try string() else { return nil }
    guard isChainName(name) else { throw expected("the name of a chain, 1 to 28 bytes without white space") }
    return name
  }
}

/// Whether a user-defined chain can have this name: the kernel accepts 28 bytes (linux/netfilter/x_tables.h,
/// `XT_EXTENSION_MAXNAMELEN`), and iptables reads a leading `-` or `!`, a verdict or the name of a built-in chain as something else.
private func isChainName(_ name: String) -> Bool {
  (1...28).contains(name.utf8.count) && name.utf8.allSatisfy { $0 > 0x20 && $0 != 0x7f } && !name.hasPrefix("-")
    && !name.hasPrefix("!") && !takenNames.contains(name)
}

private let takenNames = [
  "ACCEPT", "DROP", "QUEUE", "RETURN", "PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING",
]
