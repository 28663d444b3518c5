// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import TestSupport

/// Measures portmap beside the peer's where both write into the tables of iptables-nft.
struct PortmapIPTablesBenchmark {
  private let options: Options

  init(_ options: Options) { self.options = options }

  func run() throws {
    let hosts = try [0, 5000].map { present in
      (
        try PortmapHost(.oursInIPTables, program: options.our("portmap"), present: present),
        try PortmapHost(.peer, program: options.peers("portmap"), present: present)
      )
    }
    // The runs of all hosts take turns, so that what else the machine does falls on all of them.
    for round in 0..<(options.quick ? 5 : 60) {
      for (ours, peers) in hosts {
        try ours.measureCycle()
        if peers.present == 0 || round % 4 == 0 { try peers.measureCycle() }
      }
    }
    var table = Table("containers present", "verb", "ours, ms (p90)", "peer's, ms (p90)", "ours/peer")
    var targets = Table("target", "limit", "measured", "")
    for (ours, peers) in hosts {
      for (verb, samples, limits) in [
        ("ADD", \PortmapHost.adding, [1.0 / 8, 1.0 / 10]), ("DEL", \PortmapHost.deleting, [1.0 / 4, 1.0 / 6]),
      ] {
        let (own, other) = (ours[keyPath: samples], peers[keyPath: samples])
        let share = own.median / other.median
        let shown = [own, other].map { "\(milliseconds($0.median)) (\(milliseconds($0.p90)))" }
        table.add(["\(ours.present)", verb] + shown + [fixed(share, 3)])
        let text = "\(verb) with \(ours.present) present, part of the peer's time"
        targets.add(Target(text, measured: share, limit: limits[ours.present == 0 ? 0 : 1]).row)
      }
    }
    table.show("One mapping in the tables of iptables-nft, from the start of the process to its end, medians")
    targets.show("Targets")
  }
}
