// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import TestSupport

/// Calls all plugins of a usual network for one container, one after another as a runtime does.
final class InterfaceChain {
  private(set) var adding = Samples()
  private(set) var deleting = Samples()
  /// How many plugins there are, loopback and bridge included.
  static var length: Int { 2 + chained.count }
  private let host: InterfaceHost
  /// The chained plugins, with members of their configurations.
  private static let chained = [
    ("tuning", #","dataDir":"\#(PrivateMounts.folder)/tuning","sysctl":{"net.core.somaxconn":"500"}"#),
    ("bandwidth", #","ingressRate":8000000,"ingressBurst":800000,"egressRate":8000000,"egressBurst":800000"#),
    ("firewall", ""),
    (
      "portmap",
      #","capabilities":{"portMappings":true},"runtimeConfig":{"portMappings":[{"hostPort":8080,"containerPort":80,"protocol":"tcp"}]}"#
    ),
  ]

  init(_ plugins: PluginFolder) throws {
    host = try InterfaceHost(.bridge, plugins)
    // The first makes tables and chains.
    try measureCycle()
    (adding, deleting) = (Samples(), Samples())
  }

  /// Measures all ADDs and all DELs, the times of the processes added up.
  func measureCycle() throws {
    let container = host.container()
    settle()
    let loopback = host.container(ifName: "lo", id: container.id)
    var total = try host.call("loopback", "ADD", loopback, "").nanoseconds
    let bridge = try host.call(host.kind.plugin, "ADD", container, host.kind.members)
    total += bridge.nanoseconds
    var result = bridge.outputText
    for (plugin, members) in Self.chained {
      let outcome = try host.call(plugin, "ADD", container, #"\#(members),"prevResult":\#(result)"#)
      total += outcome.nanoseconds
      result = outcome.outputText
    }
    adding.add(total)
    total = 0
    for (plugin, members) in Self.chained.reversed() + [(host.kind.plugin, host.kind.members)] {
      total += try host.call(plugin, "DEL", container, #"\#(members),"prevResult":\#(result)"#).nanoseconds
    }
    total += try host.call("loopback", "DEL", loopback, "").nanoseconds
    deleting.add(total)
  }
}
