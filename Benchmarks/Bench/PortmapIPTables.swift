// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import TestSupport

/// Measures portmap beside upstream's where both write into the tables of iptables.
struct PortmapIPTablesBenchmark {
  private let options: Options

  init(_ options: Options) { self.options = options }

  func run() throws {
    let duels = try IPTablesDuels(
      "One mapping",
      nft: IPTablesLimits(adding: (none: 1.0 / 8, many: 1.0 / 10), deleting: (none: 1.0 / 4, many: 1.0 / 6)),
      legacy: IPTablesLimits(adding: (none: 1.0 / 8, many: 1.0 / 6), deleting: (none: 1.0 / 8, many: 1.0 / 6))
    ) { variant, present in
      (
        try PortmapHost(.oursInIPTables(variant), program: options.our("portmap"), present: present),
        try PortmapHost(.upstream(variant), program: options.upstream("portmap"), present: present)
      )
    }
    try duels.run(quick: options.quick)
  }
}
