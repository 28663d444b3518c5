// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import TestSupport

/// Measures plugins that make interfaces beside upstream's: alone, beside many containers, many at once, and in a usual chain.
struct InterfacesBenchmark {
  private let options: Options

  /// How many others there are on a crowded node.
  private static let many = 500

  init(_ options: Options) { self.options = options }

  func run() throws {
    try PrivateMounts.make()
    let (ours, upstream) = (try PluginFolder(ours: options), try PluginFolder(upstream: options))
    var results = InterfaceResults()
    try CPrograms.with { try measureCalls(ours, upstream, $0, &results) }
    try measureAtOnce(ours, upstream, &results)
    try measureChain(ours, upstream, &results)
    try measureSystemCalls(ours, upstream, &results)
    results.showTargets()
  }

  /// The runs of all hosts take turns, so that what else the machine does falls on all of them.
  private func measureCalls(
    _ ours: PluginFolder, _ upstream: PluginFolder, _ programs: CPrograms, _ results: inout InterfaceResults
  ) throws {
    let kernel = try InterfaceKernel(programs.link)
    let crowdedKernel = try InterfaceKernel(programs.link, present: Self.many)
    let pairs = try InterfaceKind.all.map { (try InterfaceHost($0, ours), try InterfaceHost($0, upstream)) }
    let crowded = try InterfaceKind.all.filter(\.isCrowded).map { try InterfaceHost($0, ours, present: Self.many) }
    var starts = InterfaceStarts()
    for round in 0..<(options.quick ? 6 : 60) {
      for one in [kernel, crowdedKernel] { try one.measureCycle() }
      starts.ours.add(try version(of: ours.program("bridge")))
      starts.upstream.add(try version(of: upstream.program("bridge")))
      starts.empty.add(try version(of: programs.empty))
      for (own, other) in pairs {
        for host in round % 2 == 0 ? [own, other] : [other, own] { try host.measureCycle() }
      }
      for host in crowded { try host.measureCycle() }
    }
    results.add(pairs, crowded, [kernel, crowdedKernel], starts)
    results.add([kernel, crowdedKernel], starts)
  }

  private func version(of program: Program) throws -> UInt64 {
    settle()
    let outcome = try program.run(
      environment: ["CNI_COMMAND": "VERSION", "PATH": Program.standardPath],
      input: Array(#"{"cniVersion":"1.0.0"}"#.utf8))
    return try outcome.succeeded("VERSION of \(program.path)").nanoseconds
  }

  private func measureAtOnce(
    _ ours: PluginFolder, _ upstream: PluginFolder, _ results: inout InterfaceResults
  ) throws {
    let hosts = try [ours, upstream].map { try InterfaceHost(.masquerading, $0, sandboxes: 20) }
    for _ in 0..<(options.quick ? 2 : 12) { for host in hosts { try host.measureAtOnce() } }
    results.addAtOnce(hosts[0].atOnce, hosts[1].atOnce)
  }

  private func measureChain(
    _ ours: PluginFolder, _ upstream: PluginFolder, _ results: inout InterfaceResults
  ) throws {
    let chains = try [ours, upstream].map { try InterfaceChain($0) }
    for _ in 0..<(options.quick ? 4 : 40) { for chain in chains { try chain.measureCycle() } }
    results.add(chains[0], chains[1])
  }

  private func measureSystemCalls(
    _ ours: PluginFolder, _ upstream: PluginFolder, _ results: inout InterfaceResults
  ) throws {
    for kind in InterfaceKind.all where kind.plugin == "bridge" {
      let calls = try [ours, upstream].map { try InterfaceHost(kind, $0).systemCalls() }
      results.add(kind, calls[0], calls[1])
    }
    results.showSystemCalls()
  }
}

/// The times of processes that do nothing but start: plugins called for VERSION, and a C program.
struct InterfaceStarts {
  var ours = Samples()
  var upstream = Samples()
  var empty = Samples()
}
