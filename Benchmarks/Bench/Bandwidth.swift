// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import TestSupport

/// Measures bandwidth beside upstream's: both directions of a container, on a host with few links and with many.
struct BandwidthBenchmark {
  private let options: Options

  init(_ options: Options) { self.options = options }

  func run() throws {
    let few = try duel(links: 10)
    let many = try duel(links: 2000)
    var table = Table("other links", "verb", "ours, ms (p90)", "upstream's, ms (p90)", "runs", "ours/upstream")
    for row in few.rows() { table.add(["10"] + row) }
    for row in many.rows() { table.add(["2,000"] + row) }
    let removal = try measureRemoval()
    table.add([
      "10", "ip link del of an IFB alone", "–", "\(milliseconds(removal.median)) (\(milliseconds(removal.p90)))",
    ])
    table.show("Both directions limited, from the start of the process to its end, medians")
    var targets = Table("target", "limit", "measured", "")
    for verb in few.verbs {
      targets.add(Target("\(verb), part of upstream's time", measured: few.share(verb), limit: 0.5).row)
    }
    for verb in few.verbs {
      let growth = many.median(0, verb) / few.median(0, verb)
      targets.add(Target("\(verb) with 2,000 other links, to that with 10", measured: growth, limit: 1.5).row)
    }
    targets.show("Targets")
  }

  private func duel(links: Int) throws -> Duel {
    let node = try Node()
    // Each is a pair.
    let lines = (0..<links / 2).map { "link add other\($0) type veth peer name reho\($0)" }
    try node.namespace.ip(lines.joined(separator: "\n"))
    let container = try node.addContainer(ip: "10.22.0.5")
    var duel = Duel(in: node.namespace, options.our("bandwidth"), options.upstream("bandwidth"))
    let config = self.config(container)
    for _ in 0..<(options.quick ? 10 : 100) {
      try duel.fight(environment: container.environment, input: { _ in config }) { verb in
        // Upstream leaves these, and could not add them again.
        if verb == "DEL" { try clean(node, container) }
      }
    }
    return duel
  }

  /// What of a DEL nobody can save: the kernel waits, when an interface is removed, until no processor uses it.
  private func measureRemoval() throws -> Samples {
    let node = try Node()
    var samples = Samples()
    for _ in 0..<(options.quick ? 10 : 100) {
      try node.namespace.ip("link add bench0 type ifb\nlink set bench0 up")
      let started = monotonicNanoseconds()
      try node.namespace.command("ip", "link", "del", "bench0")
      samples.add(monotonicNanoseconds() - started)
    }
    return samples
  }

  private func clean(_ node: Node, _ container: Container) throws {
    for place in ["root", "ingress"] {
      _ = try? node.namespace.command("tc", "qdisc", "del", "dev", container.hostInterface, place)
    }
  }

  private func config(_ container: Container) -> [UInt8] {
    Array(
      """
      {"cniVersion":"1.0.0","name":"bench","type":"bandwidth","ingressRate":8000000,"ingressBurst":800000,\
      "egressRate":8000000,"egressBurst":800000,"prevResult":\(container.prevResult)}
      """.utf8)
  }
}
