// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Rules
import TestSupport
import Testing

/// The bridge port's own isolation follows the last ADD, and goes with DEL.
@Suite(
  "firewall: the bridge port's isolation", .enabled(if: kernelIsThere, "needs privileges to make network namespaces"))
struct FirewallPortIsolationTests {
  private static let isolated = #""ingressPolicy":"isolated","#

  @Test(
    "an ADD with another policy, or with none, switches the port's isolation off again",
    arguments: FirewallBackend.allCases,
    ["", #""ingressPolicy":"same-bridge","#])
  func otherPolicy(backend: FirewallBackend, policy: String) throws {
    let host = backend.of(try FirewallNode(networks: [.first]))
    let container = try host.makeContainer(5)
    try host.succeed("ADD", container, options: Self.isolated)
    #expect(try host.isPortIsolated(container))
    try host.succeed("ADD", container, options: policy)
    #expect(try !host.isPortIsolated(container))
    try host.succeed("CHECK", container, options: policy)
  }

  @Test(
    "a DEL whose configuration says nothing of isolation switches it off, with and without result and namespace",
    arguments: FirewallBackend.allCases)
  func deletion(backend: FirewallBackend) throws {
    let host = backend.of(try FirewallNode(networks: [.first]))
    let container = try host.makeContainer(5)
    for (prevResult, environment) in [
      (true, [:]), (false, ["CNI_NETNS": ""]), (true, ["CNI_NETNS": "/run/netns/gone"]),
    ] {
      try host.succeed("ADD", container, options: Self.isolated)
      #expect(try host.call("DEL", container, prevResult: prevResult, environment: environment).status == 0)
      #expect(try !host.isPortIsolated(container))
    }
  }

  @Test("without a record and a namespace, DEL finds the bridge port by the result")
  func unrecorded() throws {
    let host = try FirewallNode(networks: [.first]).byNFTables
    let container = try host.makeContainer(5)
    try host.node.namespace.command("bridge", "link", "set", "dev", container.hostInterface, "isolated", "on")
    let gone = ["CNI_NETNS": "/run/netns/gone"]
    #expect(try host.call("DEL", container, options: Self.isolated, environment: gone).status == 0)
    #expect(try !host.isPortIsolated(container))
  }

  @Test("isolation that the bridge plugin has given the port stays, whatever firewall's policy is")
  func ofTheBridgePlugin() throws {
    let host = try FirewallNode(networks: [.first]).byNFTables
    let container = try host.makeContainer(5)
    try host.node.namespace.command("bridge", "link", "set", "dev", container.hostInterface, "isolated", "on")
    try host.succeed("ADD", container)
    try host.succeed("CHECK", container)
    try host.succeed("DEL", container)
    #expect(try host.isPortIsolated(container))
  }

  @Test("short-lived networks leave no sets behind", arguments: FirewallBackend.allCases)
  func noSets(backend: FirewallBackend) throws {
    let host = backend.of(try FirewallNode(networks: [.first]))
    let container = try host.makeContainer(5)
    func sets() throws -> [String] {
      try host.node.namespace.command("nft", "list", "sets", "inet").split(separator: "\n").map(String.init)
        .filter { $0.contains("set ") }
    }
    try host.of("first").succeed("ADD", container)
    try host.of("first").succeed("DEL", container)
    let before = try sets()
    for number in 0..<3 {
      let network = host.of("short\(number)")
      try network.succeed("ADD", container, options: Self.isolated)
      #expect(try sets().count > before.count)
      try network.succeed("DEL", container, options: Self.isolated)
      #expect(try sets() == before)
    }
  }

  @Test("a bridge whose name nft could not read back is refused by name, and nothing is written")
  func names() throws {
    let host = try FirewallNode(networks: [.first])
    let container = try host.makeContainer(5)
    try host.node.namespace.command("ip", "link", "set", "cni0", "down")
    try host.node.namespace.command("ip", "link", "set", "cni0", "name", "we\"ird*")
    let error = try #require(errorObject(try host.call("ADD", container, options: Self.isolated)))
    #expect(error.code == 7)
    #expect(error.message.contains("ingressPolicy") && error.message.contains("we\"ird*"))
    #expect(try host.node.namespace.command("nft", "list", "ruleset") == "")
  }
}
