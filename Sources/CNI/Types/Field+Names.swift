// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import JSON

extension Field {
  /// The name of a chain of iptables that somebody has, or makes, for packets of containers; nil if missing.
  package func chainName() throws(FieldError) -> String? {
    guard let name = try string() else { return nil }
    guard isChainName(name) else { throw expected("the name of a chain, 1 to 28 bytes without white space") }
    return name
  }
}

/// Whether somebody's own chain can have this name: the kernel takes 28 bytes (linux/netfilter/x_tables.h,
/// `XT_EXTENSION_MAXNAMELEN`), and iptables would take a name that begins so, is a verdict's or that of a chain with a hook for
/// something else.
private func isChainName(_ name: String) -> Bool {
  (1...28).contains(name.utf8.count) && name.utf8.allSatisfy { $0 > 0x20 && $0 != 0x7f } && !name.hasPrefix("-")
    && !name.hasPrefix("!") && !takenNames.contains(name)
}

private let takenNames = [
  "ACCEPT", "DROP", "QUEUE", "RETURN", "PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING",
]
