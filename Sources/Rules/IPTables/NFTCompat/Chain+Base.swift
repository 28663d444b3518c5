// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import NFTables

extension Chain {
  /// A built-in chain of iptables, with the hook that iptables-nft gives it; nil for other chains.
  init?(base name: String, of table: IPTable.Name) {
    let place: (hook: UInt32, priority: Int32)? =
      switch (table, name) {
      case (.nat, "PREROUTING"): (0, -100)
      case (.nat, "INPUT"): (1, 100)
      case (.nat, "OUTPUT"): (3, -100)
      case (.nat, "POSTROUTING"): (4, 100)
      case (.filter, "INPUT"): (1, 0)
      case (.filter, "FORWARD"): (2, 0)
      case (.filter, "OUTPUT"): (3, 0)
      default: nil
      }
    guard let place else { return nil }
    self.init(name, hook: Hook(type: table.rawValue, number: place.hook, priority: place.priority))
  }
}
