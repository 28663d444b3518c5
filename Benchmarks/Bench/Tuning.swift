// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import TestSupport

/// Measures tuning beside the peer's: a parameter, an attribute and a MAC, set and put back.
struct TuningBenchmark {
  private let options: Options
  private let contestants: [(name: String, program: Program)]

  init(_ options: Options) {
    self.options = options
    contestants = [
      ("ours", Program(options.ours, name: "tuning")),
      ("the peer's", Program("\(options.peers)/tuning", name: "tuning")),
    ]
  }

  func run() throws {
    let node = try Node()
    let container = try node.addContainer(ip: "10.22.0.5")
    // In memory, as /run is on a node.
    let made = try Program("mktemp").run(["-d", "-p", "/dev/shm"]).succeeded("mktemp")
    let folder = made.outputText.split(separator: "\n").joined()
    defer { _ = try? Program("rm").run(["-r", folder]) }
    var times = contestants.map { _ in ["ADD": Samples(), "DEL": Samples()] }
    for _ in 0..<(options.quick ? 20 : 300) {
      // In turns, so that what else the machine does falls on both.
      for (index, contestant) in contestants.enumerated() {
        for verb in ["ADD", "DEL"] {
          let outcome = try node.namespace.run {
            try contestant.program.run(
              environment: container.environment(verb), input: config(container, "\(folder)/\(index)"))
          }
          times[index][verb]?.add(try outcome.succeeded("tuning \(verb)").nanoseconds)
        }
      }
    }
    var table = Table("verb", "ours, ms (p90)", "peer's, ms (p90)", "runs", "ours/peer")
    var targets = Table("target", "limit", "measured", "")
    for verb in ["ADD", "DEL"] {
      guard let ours = times[0][verb], let peer = times[1][verb] else { continue }
      let share = ours.median / peer.median
      let shown = [ours, peer].map { "\(milliseconds($0.median)) (\(milliseconds($0.p90)))" }
      table.add([verb] + shown + ["\(ours.count)", fixed(share, 2)])
      if verb == "ADD" { targets.add(Target("ADD, part of the peer's time", measured: share, limit: 0.6).row) }
    }
    table.show("One parameter, an MTU and a MAC, from the start of the process to its end, medians")
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
