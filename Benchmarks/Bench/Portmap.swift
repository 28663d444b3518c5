// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import TestSupport

/// Measures portmap beside upstream's.
struct PortmapBenchmark {
  private let options: Options
  private let ours: Program
  private let upstream: Program

  init(_ options: Options) {
    self.options = options
    ours = Program(options.ours, name: "portmap")
    upstream = Program("\(options.upstream)/portmap", name: "portmap")
  }

  func run() throws {
    let ourHosts = try [0, 1000, 5000, 20_000].map { try PortmapHost(.ours, program: ours, present: $0) }
    let variant = try IPTablesVariant("nft")
    let upstreamHosts = try [0, 1000, 5000].map { try PortmapHost(.upstream(variant), program: upstream, present: $0) }
    print("portmap: ours is \(options.ours), upstream's is \(upstream.path) with iptables-\(variant.name)")
    var targets = try measureCalls(ourHosts, upstreamHosts)
    targets += try measureDeletingAtOnce(ourHosts, upstreamHosts[0])
    targets += try measureConnections(ourHosts, upstreamHosts)
    targets += try CPrograms.with { try measureStart(ourHosts[2], $0) }
    var table = Table("target", "limit", "measured", "")
    for target in targets { table.add(target.row) }
    table.show("Targets")
  }

  /// The runs of all hosts take turns, so that what else the machine does falls on all of them.
  private func measureCalls(_ ourHosts: [PortmapHost], _ upstreamHosts: [PortmapHost]) throws -> [Target] {
    let rounds = options.quick ? 3 : 30
    for round in 0..<rounds {
      for _ in 0..<7 { for host in ourHosts { try host.measureCycle() } }
      for host in upstreamHosts where host.present < 5000 || round % 3 == 0 { try host.measureCycle() }
    }
    var table = Table(
      "mappings present", "verb", "ours, ms (p90)", "runs", "upstream's, ms (p90)", "runs", "upstream/ours")
    var targets: [Target] = []
    for verb in [\PortmapHost.adding, \PortmapHost.deleting] {
      let name = verb == \.adding ? "ADD" : "DEL"
      for (index, host) in ourHosts.enumerated() {
        let own = host[keyPath: verb]
        var row = ["\(host.present)", name, shown(own, milliseconds), "\(own.count)"]
        if index < upstreamHosts.count {
          let other = upstreamHosts[index][keyPath: verb]
          row += [shown(other, milliseconds), "\(other.count)", fixed(other.median / own.median, 1)]
          let share = own.median / other.median
          let text = "\(name) with \(host.present) present, part of upstream's time"
          if host.present == 0 { targets.append(Target(text, measured: share, limit: 1.0 / 10)) }
          if host.present == 5000 { targets.append(Target(text, measured: share, limit: 1.0 / 40)) }
        } else {
          row += ["–", "–", "–"]
        }
        table.add(row)
        let growth = own.median / ourHosts[0][keyPath: verb].median
        let text = "\(name) with \(host.present) present, against none"
        if host.present == 5000 { targets.append(Target(text, measured: growth, limit: 1.5)) }
        if host.present == 20_000 { targets.append(Target(text, measured: growth, limit: 2)) }
      }
    }
    table.show("One mapping, from the start of the process to its end, medians")
    print("The first ADD of all, ms: ours \(milliseconds(median(ourHosts.map(\.first)))),", terminator: " ")
    print("upstream's \(milliseconds(median(upstreamHosts.map(\.first))))")
    return targets
  }

  private func measureDeletingAtOnce(_ ourHosts: [PortmapHost], _ upstreamHost: PortmapHost) throws -> [Target] {
    var table = Table("64 DELs at once", "mappings present", "ms (p90)", "rounds")
    var targets: [Target] = []
    func measure(_ host: PortmapHost, rounds: Int, _ name: String) throws -> Double {
      var samples = Samples()
      for _ in 0..<rounds { samples.add(try host.measureDeletingAtOnce(64)) }
      table.add([name, "\(host.present)", shown(samples, milliseconds), "\(samples.count)"])
      return samples.median
    }
    for host in ourHosts where [0, 5000].contains(host.present) {
      let measured = try measure(host, rounds: options.quick ? 3 : 15, "ours") / 1e6
      targets.append(
        Target("64 DELs at once with \(host.present) present", measured: measured, limit: 64 * 3, unit: " ms"))
    }
    _ = try measure(upstreamHost, rounds: options.quick ? 1 : 3, "upstream's")
    table.show("64 DELs at once, from the first start to the last end, medians")
    return targets
  }

  private func measureConnections(_ ourHosts: [PortmapHost], _ upstreamHosts: [PortmapHost]) throws -> [Target] {
    var table = Table("A new connection", "mappings present", "µs (p90)", "connections")
    var medians: [Double] = []
    for (name, hosts) in [("ours", ourHosts), ("upstream's", upstreamHosts)] {
      let connections = try hosts.map(PortmapConnections.init)
      for _ in 0..<(options.quick ? 10 : 80) { for one in connections { try one.measure(50) } }
      for one in connections {
        let times = one.samples
        table.add([name, "\(one.host.present)", shown(times, microseconds), "\(times.count)"])
        medians.append(times.median)
      }
    }
    table.show("Connect from another host, accept in the container, reset; medians")
    return [Target("a new connection with 5000 present, against none", measured: medians[2] / medians[0], limit: 1.2)]
  }

  /// VERSION beside a program that does nothing, and the peak memory of an ADD.
  private func measureStart(_ host: PortmapHost, _ programs: CPrograms) throws -> [Target] {
    let environment = ["CNI_COMMAND": "VERSION", "PATH": Program.standardPath]
    let contestants = [("ours", ours), ("upstream's", upstream), ("C, static, empty", programs.empty)]
    var samples = contestants.map { _ in Samples() }
    for _ in 0..<(options.quick ? 50 : 500) {
      for (index, one) in contestants.enumerated() {
        let outcome = try one.1.run(environment: environment, input: Array(#"{"cniVersion":"1.0.0"}"#.utf8))
        samples[index].add(try outcome.succeeded("VERSION of \(one.1.path)").nanoseconds)
      }
    }
    var table = Table("VERSION", "ms (p90)", "runs")
    for (one, times) in zip(contestants, samples) {
      table.add([one.0, shown(times, milliseconds), "\(times.count)"])
    }
    table.show("Starting, medians")
    let memory = try peakMemory(host, programs.peak)
    return [
      Target("VERSION, against an empty C program", measured: samples[0].median / samples[2].median, limit: 2),
      Target("peak memory of ADD with \(host.present) present", measured: memory, limit: 16, unit: " MiB"),
    ]
  }

  private func peakMemory(_ host: PortmapHost, _ peak: Program) throws -> Double {
    let ports: Range<UInt16> = 40_500..<40_501
    let outcome = try host.node.namespace.run {
      try peak.run(
        [ours.path, ours.name], environment: host.container.environment("ADD"),
        input: portmapConfig(host.container, ports: ports))
    }
    let lines = try outcome.succeeded("ADD for its peak memory").errorText.split(separator: "\n")
    _ = try host.call("DEL", host.container, ports: ports)
    guard let kibibytes = lines.last.flatMap({ Double($0) }) else { throw Failure("no peak memory was told") }
    return kibibytes / 1024
  }

  private func shown(_ samples: Samples, _ text: (Double) -> String) -> String {
    "\(text(samples.median)) (\(text(samples.p90)))"
  }

  private func median(_ times: [UInt64]) -> Double {
    var samples = Samples()
    for time in times { samples.add(time) }
    return samples.median
  }
}

/// Connections through one mapping of a host, from the host beside it to a server in the container.
final class PortmapConnections {
  let host: PortmapHost
  private(set) var samples = Samples()
  private let server: TCPListener
  private let published: Endpoint
  private let port: UInt16 = 41_500

  init(_ host: PortmapHost) throws {
    self.host = host
    published = Endpoint(Node.address, port)
    server = try host.container.namespace.run { try TCPListener(host.container.ip, 80) }
    _ = try host.call("ADD", host.container, ports: port..<port + 1)
  }

  deinit { _ = try? host.call("DEL", host.container, ports: port..<port + 1) }

  func measure(_ count: Int) throws {
    try host.node.client.run {
      for _ in 0..<count {
        let started = monotonicNanoseconds()
        let connection = try TCPConnection.connect(to: published)
        let accepted = try server.accept()
        try connection.reset()
        samples.add(monotonicNanoseconds() - started)
        accepted.close()
      }
    }
  }
}
