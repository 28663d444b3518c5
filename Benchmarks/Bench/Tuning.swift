// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import TestSupport

/// Measures tuning beside upstream's: a parameter, an attribute and a MAC, set and put back.
struct TuningBenchmark {
  private let options: Options

  init(_ options: Options) { self.options = options }

  func run() throws {
    let node = try Node()
    let container = try node.addContainer(ip: "10.22.0.5")
    var duel = Duel(in: node.namespace, options.our("tuning"), options.upstream("tuning"))
    try withFolder { folder in
      for _ in 0..<(options.quick ? 20 : 300) {
        try duel.fight(environment: container.environment, input: { config(container, "\(folder)/\($0)") })
      }
    }
    var table = Table("verb", "ours, ms (p90)", "upstream's, ms (p90)", "runs", "ours/upstream")
    duel.rows().forEach { table.add($0) }
    table.show("One parameter, an MTU and a MAC, from the start of the process to its end, medians")
    var targets = Table("target", "limit", "measured", "")
    targets.add(Target("ADD, part of upstream's time", measured: duel.share("ADD"), limit: 0.6).row)
    targets.show("Targets")
  }

  private func config(_ container: Container, _ folder: String) -> [UInt8] {
    Array(
      """
      {"cniVersion":"1.0.0","name":"bench","type":"tuning","dataDir":"\(folder)","mtu":1400,"mac":"02:00:00:00:00:77",\
      "sysctl":{"net.core.somaxconn":"500"},"prevResult":\(container.prevResult)}
      """.utf8)
  }
}

/// Runs `body` with a folder that goes afterwards; in memory, as /run is on a node.
func withFolder(_ body: (String) throws -> Void) throws {
  let made = try Program("mktemp").run(["-d", "-p", "/dev/shm"]).succeeded("mktemp")
  let folder = made.outputText.split(separator: "\n").joined()
  defer { _ = try? Program("rm").run(["-r", folder]) }
  try body(folder)
}
