// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import NFTables
import Netlink

extension NFTablesFirewall {
  /// The base chains of all tables at the hook forward whose policy is drop, such as `chain forward of table inet filter`: no
  /// accept in another table overrules them. All chains are listed for this.
  package static func chainsThatDropForwarded() -> [String] {
    // An error is ignored, because the caller only notes these chains beside its own findings.
    let chains = (try? NetfilterSocket.open().chainsOfAllTables()) ?? []
    return chains.compactMap { chain in
      guard
        chain.hook?.number == Chain.Hook.forward, chain.hook?.policy == .drop,
        [.inet, .ip, .ip6].contains(chain.table.family)
      else { return nil }
      return "chain \(chain.name) of table \(chain.table)"
    }
  }
}
