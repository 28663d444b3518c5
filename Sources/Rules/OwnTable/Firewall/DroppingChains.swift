// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import NFTables
import Netlink

extension NFTablesFirewall {
  /// The base chains of anybody that drop what is forwarded and no rule of theirs lets through, such as
  /// `chain forward of table inet filter`: no accept in another table overrules that. It takes a look at all chains.
  package static func chainsThatDropForwarded() -> [String] {
    // Whoever wants to know this has more important things to say if the kernel tells nothing.
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
