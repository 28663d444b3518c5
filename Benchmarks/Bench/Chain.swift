// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import TestSupport

/// Measures a whole network configuration list: cnitool with our plugins in its own process and as programs, beside a shell that calls
/// upstream's one after another, which is the least that a runtime does.
struct ChainBenchmark {
  private let options: Options

  init(_ options: Options) { self.options = options }

  func run() throws {
    try PrivateMounts.make()
    // cnitool keeps results in /var/lib/cni, as upstream's does.
    _ = try Program("mount").run(["-t", "tmpfs", "tmpfs", "/var/lib"]).succeeded("mount /var/lib")
    let (tool, ours) = (Program(options.tool), try PluginFolder(ours: options))
    let hosts = [
      try ChainHost("cnitool --in-process", CNITool(tool, ours, ["--in-process"]).call),
      try ChainHost("cnitool", CNITool(tool, ours).call),
      try ChainHost("shell and upstream's", ShellRuntime(PluginFolder(upstream: options)).call),
    ]
    var starts = Samples()
    for round in 0..<(options.quick ? 6 : 60) {
      for index in hosts.indices { try hosts[(index + round) % hosts.count].measureCycle() }
      settle()
      starts.add(try tool.run(["--version"]).succeeded("cnitool --version").nanoseconds)
    }
    show(hosts, starts)
  }

  private func show(_ hosts: [ChainHost], _ starts: Samples) {
    guard let ours = hosts.first, let upstream = hosts.last else { return }
    var table = Table("verb", "called by", "ms (p90)", "runs", "part of the last")
    for (verb, samples) in [("ADD", \ChainHost.adding), ("DEL", \ChainHost.deleting)] {
      for host in hosts {
        let (own, other) = (host[keyPath: samples], upstream[keyPath: samples])
        table.add([
          verb, host.name, "\(milliseconds(own.median)) (\(milliseconds(own.p90)))", "\(own.count)",
          fixed(own.median / other.median, 3),
        ])
      }
    }
    table.show("\(ChainNetwork.plugins.map(\.type).joined(separator: ", ")), from start to end, medians")
    var targets = Table("target", "limit", "measured", "")
    let share = ours.adding.median / upstream.adding.median
    targets.add(
      Target("ADD in process, part of the time of a shell and upstream's plugins", measured: share, limit: 1.0 / 8).row)
    targets.add(Target("start of cnitool", measured: starts.median / 1e6, limit: 20, unit: " ms").row)
    targets.show("Targets")
  }
}

/// The network that is measured.
enum ChainNetwork {
  static let name = "chain"
  static let capabilityArguments = """
    {"portMappings":[{"hostPort":8080,"containerPort":80,"protocol":"tcp"}],\
    "bandwidth":{"ingressRate":8000000,"ingressBurst":800000,"egressRate":8000000,"egressBurst":800000}}
    """
  /// The plugins with members of their configurations, and what `runtimeConfig` then holds; each member after a comma.
  static let plugins: [(type: String, members: String, runtimeConfig: String)] = [
    ("bridge", #","bridge":"cni0","isGateway":true,"ipMasq":true"# + InterfaceKind.addresses, ""),
    ("tuning", #","dataDir":"\#(PrivateMounts.folder)/tuning","sysctl":{"net.core.somaxconn":"500"}"#, ""),
    ("bandwidth", #","capabilities":{"bandwidth":true}"#, #","runtimeConfig":\#(capabilityArguments)"#),
    ("portmap", #","capabilities":{"portMappings":true}"#, #","runtimeConfig":\#(capabilityArguments)"#),
    ("firewall", "", ""),
  ]
}
