// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import TestSupport
import Testing

@Suite("firewall: isolation", .enabled(if: kernelIsThere, "needs privileges to make network namespaces"))
struct FirewallIsolationTests {
  enum Policy: String, CaseIterable {
    case sameBridge = "same-bridge"
    case isolated

    var option: String { #""ingressPolicy":"\#(rawValue)","# }
  }

  @Test(
    "same-bridge: containers on two such bridges do not reach one another, those on one do, and all reach the outside",
    arguments: FirewallBackend.allCases, [false, true])
  func sameBridge(backend: FirewallBackend, bridgeFilter: Bool) async throws {
    let host = backend.of(try FirewallNode(bridgeFilter: bridgeFilter))
    let containers = [try host.makeContainer(5), try host.makeContainer(6), try host.makeContainer(5, on: .second)]
    let (one, two, other) = (try Party(containers[0]), try Party(containers[1]), try Party(containers[2]))
    let outside = try Party(beside: host.node)
    // The accepts of a network without a policy must not come before the isolation of another.
    for container in containers { try host.forNetwork(container.network.bridge).succeed("ADD", container) }
    one.expectIsTogether(with: other)
    for container in containers {
      try host.forNetwork(container.network.bridge).succeed("ADD", container, options: Policy.sameBridge.option)
    }
    try await one.expectIsApart(from: other)
    one.expectIsTogether(with: two)
    for party in [one, two, other] { party.expectIsTogether(with: outside) }
    for container in containers {
      try host.forNetwork(container.network.bridge).succeed("CHECK", container, options: Policy.sameBridge.option)
    }
  }

  @Test(
    "containers of a network whose policy is open reach those on an isolated bridge, and are reached, as before",
    arguments: FirewallBackend.allCases, Policy.allCases)
  func open(backend: FirewallBackend, policy: Policy) throws {
    let host = backend.of(try FirewallNode())
    let (container, free) = (try host.makeContainer(5), try host.makeContainer(5, on: .second))
    let (inside, other) = (try Party(container), try Party(free))
    try host.forNetwork("free").succeed("ADD", free, options: #""ingressPolicy":"open","#)
    try host.succeed("ADD", container, options: policy.option)
    inside.expectIsTogether(with: other)
  }

  @Test(
    "isolated: containers on the same bridge do not reach one another, but the outside",
    arguments: FirewallBackend.allCases, [false, true])
  func isolated(backend: FirewallBackend, bridgeFilter: Bool) async throws {
    let host = backend.of(try FirewallNode(bridgeFilter: bridgeFilter))
    let containers = [try host.makeContainer(5), try host.makeContainer(6), try host.makeContainer(5, on: .second)]
    let (one, two, other) = (try Party(containers[0]), try Party(containers[1]), try Party(containers[2]))
    let outside = try Party(beside: host.node)
    one.expectIsTogether(with: two)
    one.expectIsTogether(with: other)
    for container in containers {
      try host.forNetwork(container.network.bridge).succeed("ADD", container, options: Policy.isolated.option)
    }
    // Frames have passed between them before, so the bridge knows both ports.
    try await one.expectIsApart(from: two)
    try await one.expectIsApart(from: other)
    for party in [one, two, other] { party.expectIsTogether(with: outside) }
    for container in containers {
      try host.forNetwork(container.network.bridge).succeed("CHECK", container, options: Policy.isolated.option)
    }
  }

  @Test(
    "isolated: where bridged frames pass netfilter, rules drop those that the bridge port lets through",
    arguments: FirewallBackend.allCases)
  func rulesAlone(backend: FirewallBackend) async throws {
    let host = backend.of(try FirewallNode(bridgeFilter: true))
    let containers = [try host.makeContainer(5), try host.makeContainer(6)]
    let (one, two) = (try Party(containers[0]), try Party(containers[1]))
    // The rules drop neighbour solicitations too, and a failed entry would stay for a while.
    one.expectIsTogether(with: two)
    for container in containers {
      try host.succeed("ADD", container, options: Policy.isolated.option)
      try host.node.namespace.command("bridge", "link", "set", "dev", container.hostInterface, "isolated", "off")
    }
    try await one.expectIsApart(from: two)
    for container in containers { try host.delete(container, options: Policy.isolated.option) }
    // Failed neighbour entries are removed.
    for container in containers { try container.namespace.command("ip", "neigh", "flush", "all") }
    one.expectIsTogether(with: two)
  }

  @Test(
    "published ports of an isolated container are reached from another isolated bridge and from outside",
    arguments: FirewallBackend.allCases, FirewallBackend.allCases)
  func publishedPorts(backend: FirewallBackend, publishing: FirewallBackend) async throws {
    for (policy, bridgeFilter) in [(Policy.sameBridge, false), (.isolated, false), (.isolated, true)] {
      let host = backend.of(try FirewallNode(bridgeFilter: bridgeFilter))
      let (container, neighbour) = (try host.makeContainer(5), try host.makeContainer(5, on: .second))
      let (inside, other) = (try Party(container), try Party(neighbour))
      try publishing.of(PortmapNode(beside: host)).add(container, PortMapping(8080, 80))
      try host.succeed("ADD", container, options: policy.option)
      try host.forNetwork("other").succeed("ADD", neighbour, options: policy.option)
      try await other.expectDoesNotReach(inside, "\(policy), bridgeFilter \(bridgeFilter)")
      other.expectReaches(inside, at: 8080, "\(policy), bridgeFilter \(bridgeFilter)")
      try Party(beside: host.node).expectReaches(inside, at: 8080, "\(policy), bridgeFilter \(bridgeFilter)")
    }
  }

  @Test(
    "the rules of a bridge are removed with the last container that wants them, and not before",
    arguments: FirewallBackend.allCases, Policy.allCases)
  func lastDeletion(backend: FirewallBackend, policy: Policy) async throws {
    let host = backend.of(try FirewallNode())
    let (first, second) = (try host.makeContainer(5), try host.makeContainer(6))
    let neighbour = try host.makeContainer(5, on: .second)
    let (one, two, other) = (try Party(first), try Party(second), try Party(neighbour))
    try host.forNetwork("other").succeed("ADD", neighbour, options: policy.option)
    for container in [first, second] { try host.succeed("ADD", container, options: policy.option) }
    try host.delete(first, options: policy.option)
    try await two.expectIsApart(from: other)
    try await one.expectIsApart(from: other)
    // A repeated DEL removes nothing of the remaining containers.
    try host.delete(first, options: policy.option)
    try await two.expectIsApart(from: other)
    // All it needs is in the kernel: not even the configuration is read.
    try host.delete(second, prevResult: false)
    two.expectIsTogether(with: other)
    one.expectIsTogether(with: other)
    try host.forNetwork("other").delete(neighbour, options: policy.option)
    #expect(try host.elements("bridges") + host.elements("isolated_bridges") == [])
    let saved = try host.savedOfBoth(.nft) + host.savedOfBoth(.legacy)
    #expect(saved.filter { $0.contains("CNI-ISOLATION") } == [])
  }

  @Test(
    "a bridge is not isolated any more when GC has removed all isolated containers on it",
    arguments: FirewallBackend.allCases)
  func garbage(backend: FirewallBackend) async throws {
    let host = backend.of(try FirewallNode())
    let (container, kept) = (try host.makeContainer(5), try host.makeContainer(6))
    let neighbour = try host.makeContainer(5, on: .second)
    let (one, other) = (try Party(container), try Party(neighbour))
    try host.forNetwork("other").succeed("ADD", neighbour, options: Policy.sameBridge.option)
    for added in [container, kept] { try host.succeed("ADD", added, options: Policy.sameBridge.option) }
    try host.collectGarbage(sparing: kept)
    try await one.expectIsApart(from: other)
    try host.delete(kept, options: Policy.sameBridge.option)
    one.expectIsTogether(with: other)

    for added in [container, kept] { try host.succeed("ADD", added, options: Policy.sameBridge.option) }
    try await one.expectIsApart(from: other)
    // An attachment in the list without any rules keeps nothing isolated.
    try host.collectGarbage(sparing: neighbour)
    one.expectIsTogether(with: other)
  }

  @Test(
    "ADD isolates the bridge port of a container's veth, and DEL ends this if the veth stays",
    arguments: FirewallBackend.allCases)
  func port(backend: FirewallBackend) throws {
    let host = backend.of(try FirewallNode(networks: [.first]))
    let (container, bystander) = (try host.makeContainer(5), try host.makeContainer(6))
    func isIsolated(_ container: Container) throws -> Bool {
      try host.node.namespace.command("bridge", "-d", "link", "show", "dev", container.hostInterface)
        .contains("isolated on")
    }
    try host.succeed("ADD", bystander, options: Policy.sameBridge.option)
    #expect(try !isIsolated(container) && !isIsolated(bystander))
    try host.succeed("ADD", container, options: Policy.isolated.option)
    #expect(try isIsolated(container) && !isIsolated(bystander))
    try host.delete(container, options: Policy.isolated.option)
    #expect(try !isIsolated(container) && !isIsolated(bystander))
  }

  @Test("with a policy a container that is on no bridge is refused with code 7, and nothing is written")
  func noBridge() throws {
    let plain = try FirewallNode(networks: [.first])
    let routed = try plain.makeContainer(5)
    try plain.node.namespace.ip(
      """
      link set \(routed.hostInterface) nomaster
      link add link uplink name mac0 netns \(routed.namespace.path) type macvlan mode bridge
      """)
    let macvlan = Container(
      namespace: routed.namespace, ifName: "mac0", address: try ip("10.22.0.6"), address6: try ip("fd00:22::6"))
    for backend in FirewallBackend.allCases {
      let host = backend.of(plain)
      let before = try state(host)
      for policy in Policy.allCases {
        for (container, reason) in [(routed, "is no port of one"), (macvlan, "of the kind macvlan")] {
          let error = try #require(errorObject(try host.call("ADD", container, options: policy.option)))
          #expect(error.code == 7)
          #expect(error.message.contains("ingressPolicy") && error.message.contains(reason), "\(error.message)")
          #expect(try state(host) == before)
          // The DEL that follows has nothing to do.
          try host.delete(container, options: policy.option)
          #expect(try state(host) == before)
        }
      }
      // Without a policy no bridge is needed.
      for container in [routed, macvlan] {
        try host.succeed("ADD", container)
        try host.delete(container)
      }
    }
  }

  /// Everything that the plugin could have written.
  private func state(_ host: FirewallNode) throws -> [String] {
    [try host.node.namespace.command("nft", "list", "ruleset")] + (try host.savedOfBoth(.legacy))
  }
}
