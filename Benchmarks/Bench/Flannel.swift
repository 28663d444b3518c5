// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import TestSupport

/// Measures what flannel adds to its delegate: bridge through it, and bridge called with the same configuration.
struct FlannelBenchmark {
  private let options: Options

  init(_ options: Options) { self.options = options }

  func run() throws {
    let node = try Node(networks: [])
    let container = Container(namespace: try Namespace(), address: Endpoint("10.244.1.2", 0).address)
    var duel = Duel(in: node.namespace, options.our("flannel"), options.upstream("bridge"))
    try withFolder { folder in
      let subnet = """
        FLANNEL_NETWORK=10.244.0.0/16
        FLANNEL_SUBNET=10.244.1.1/24
        FLANNEL_MTU=1450
        FLANNEL_IPMASQ=true

        """
      _ = try Program("tee").run(["\(folder)/subnet.env"], input: Array(subnet.utf8)).succeeded("tee")
      let configs = [flannel(folder), bridge(folder)].map { Array($0.utf8) }
      for _ in 0..<(options.quick ? 10 : 100) {
        try duel.fight(
          environment: { container.environment($0).merging(["CNI_PATH": options.upstream]) { $1 } },
          input: { configs[$0] })
      }
    }
    var table = Table("verb", "flannel, ms (p90)", "bridge alone, ms (p90)", "runs", "flannel/bridge")
    duel.rows().forEach { table.add($0) }
    table.show("From the start of the process to its end, medians")
    var targets = Table("target", "limit", "measured", "")
    for verb in duel.verbs {
      let added = (duel.median(0, verb) - duel.median(1, verb)) / 1e6
      targets.add(Target("\(verb), added to the delegate's", measured: added, limit: 3, unit: " ms").row)
    }
    targets.show("Targets")
  }

  private func flannel(_ folder: String) -> String {
    """
    {"cniVersion":"1.0.0","name":"bench","type":"flannel","subnetFile":"\(folder)/subnet.env",\
    "dataDir":"\(folder)/saved","ipam":{"dataDir":"\(folder)/ipam"},"delegate":{"bridge":"cni0"}}
    """
  }

  private func bridge(_ folder: String) -> String {
    """
    {"cniVersion":"1.0.0","name":"bench","type":"bridge","bridge":"cni0","isGateway":true,"mtu":1450,"ipMasq":false,\
    "ipam":{"type":"host-local","dataDir":"\(folder)/ipam","ranges":[[{"subnet":"10.244.1.0/24"}]],\
    "routes":[{"dst":"10.244.0.0/16"}]}}
    """
  }
}
