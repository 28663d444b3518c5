// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import TestSupport

/// Measures firewall: in our own table against itself with many containers, and beside upstream's in the tables of iptables.
struct FirewallBenchmark {
  private let options: Options

  init(_ options: Options) { self.options = options }

  func run() throws {
    try measureNFTables()
    try CPrograms.with { try measureIPTables($0) }
  }

  private func measureIPTables(_ programs: CPrograms) throws {
    let duels = try IPTablesDuels(
      "One container's accepts",
      nft: IPTablesLimits(adding: (none: 1.0 / 8, many: 1.0 / 10), deleting: (none: 1.0 / 4, many: 1.0 / 6)),
      legacy: IPTablesLimits(adding: (none: 1.0 / 8, many: 1.0 / 6), deleting: (none: 1.0 / 8, many: 1.0 / 6))
    ) { variant, present in
      (
        try FirewallHost(
          .oursInIPTables(variant), program: options.our("firewall"), present: present, kernelProgram: programs.table),
        try FirewallHost(.upstream(variant), program: options.upstream("firewall"), present: present)
      )
    }
    try duels.run(quick: options.quick)
  }

  private func measureNFTables() throws {
    let contestants: [(String, FirewallHost.Contestant)] = [("open", .ours), ("same-bridge", .oursIsolating)]
    let hosts = try contestants.map { name, contestant in
      (name, try [0, 5000].map { try FirewallHost(contestant, program: options.our("firewall"), present: $0) })
    }
    for _ in 0..<(options.quick ? 20 : 200) {
      for (_, hosts) in hosts { for host in hosts { try host.measureCycle() } }
    }
    var table = Table("ingressPolicy", "containers present", "verb", "ms (p90)")
    var targets = Table("target", "limit", "measured", "")
    for (name, hosts) in hosts {
      for (verb, samples) in [("ADD", \FirewallHost.adding), ("DEL", \FirewallHost.deleting)] {
        let times = hosts.map { $0[keyPath: samples] }
        for (host, times) in zip(hosts, times) {
          table.add([name, "\(host.present)", verb, "\(milliseconds(times.median)) (\(milliseconds(times.p90)))"])
        }
        let growth = times[1].median / times[0].median
        targets.add(Target("\(name): \(verb) with 5000 present, against none", measured: growth, limit: 1.5).row)
      }
    }
    table.show("One container in our own table, from the start of the process to its end, medians")
    targets.show("Targets")
  }
}
