// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import TestSupport
import Testing

@Suite(
  "portmap: route_localnet and its guard",
  .enabled(if: kernelIsThere, "needs privileges to make network namespaces"))
struct PortmapGuardTests {
  typealias Backend = PortmapBackendChangeTests.Backend

  private func scene(_ backend: Backend) throws -> PortmapNode {
    backend.of(try PortmapNode(networks: [.first, .second], programs: IPTablesPrograms(.nft)))
  }

  /// Whether a packet to 127.0.0.1 of the node that a neighbour sends by an interface arrives at a server there.
  private func isReached(_ host: PortmapNode, from neighbour: Namespace, _ address: String) throws -> Bool {
    let service = try host.node.namespace.run { try UDPSocket("127.0.0.1", 9000, timeout: 200) }
    defer { service.close() }
    let sender = try neighbour.run { try UDPSocket(address) }
    try sender.send("hello", to: Endpoint("127.0.0.1", 9000))
    return (try? service.receive().text) == "hello"
  }

  /// Lets a neighbour send packets for 127.0.0.0/8 to a gateway.
  private func misroute(_ neighbour: Namespace, via gateway: String) throws {
    try neighbour.set("net/ipv4/conf/all/route_localnet", to: "1")
    try neighbour.ip(
      """
      route del local 127.0.0.0/8 dev lo table local
      route del local 127.0.0.1 dev lo table local
      route add 127.0.0.0/8 via \(gateway)
      """)
  }

  private func routeLocalnet(_ host: PortmapNode, _ interface: String = "cni0") throws -> String {
    try host.node.namespace.sysctl("net/ipv4/conf/\(interface)/route_localnet")
  }

  @Test(
    "only interfaces for which we set route_localnet are guarded: 127.0.0.1 stays reachable by others, such as WSL's loopback0",
    arguments: Backend.allCases)
  func onlyOurs(backend: Backend) throws {
    let host = try scene(backend)
    try host.node.namespace.set("net/ipv4/conf/uplink/route_localnet", to: "1")
    let container = try host.node.addContainer(ip: "10.22.0.5")
    let attacker = try host.node.addContainer(ip: "10.22.0.66")
    try misroute(attacker.namespace, via: "10.22.0.1")
    try misroute(host.node.client, via: Node.address)
    try host.add(container, PortMapping(8080, 80))
    #expect(try routeLocalnet(host) == "1")
    #expect(try !isReached(host, from: attacker.namespace, "10.22.0.66"))
    #expect(try isReached(host, from: host.node.client, Node.clientAddress))
    // With the last container the setting is restored.
    let second = try host.node.addContainer(ip: "10.22.0.6")
    try host.add(second, PortMapping(8081, 80))
    try host.delete(container, PortMapping(8080, 80))
    #expect(try routeLocalnet(host) == "1")
    #expect(try !isReached(host, from: attacker.namespace, "10.22.0.66"))
    try host.delete(second, PortMapping(8081, 80))
    #expect(try routeLocalnet(host) == "0")
    #expect(try routeLocalnet(host, "uplink") == "1")
    host.settle()
    let leftovers = try host.node.namespace.command("nft", "list", "ruleset").contains("cni0")
    #expect(!leftovers)
  }

  @Test(
    "a port published on 127.0.0.1 is only for this host, also if another program has set route_localnet of an interface"
  )
  func publishedOnLoopback() throws {
    let host = try PortmapNode()
    try host.node.namespace.set("net/ipv4/conf/uplink/route_localnet", to: "1")
    try misroute(host.node.client, via: Node.address)
    let container = try host.node.addContainer(ip: "10.22.0.5")
    try host.add(container, PortMapping(8080, 80, on: "127.0.0.1"))
    let server = try container.namespace.run { try TCPListener("10.22.0.5", 80) }
    #expect(isUnreachable(host.node.client, "127.0.0.1", 8080))
    #expect(try converse(host.node.namespace, "127.0.0.1", 8080, with: server) == ip("10.22.0.1"))
  }

  @Test("route_localnet that an administrator has set stays set, and unguarded", arguments: Backend.allCases)
  func administrators(backend: Backend) throws {
    let host = try scene(backend)
    try host.node.namespace.set("net/ipv4/conf/cni0/route_localnet", to: "1")
    let container = try host.node.addContainer(ip: "10.22.0.5")
    let neighbour = try host.node.addContainer(ip: "10.22.0.66")
    try misroute(neighbour.namespace, via: "10.22.0.1")
    try host.add(container, PortMapping(8080, 80))
    #expect(try isReached(host, from: neighbour.namespace, "10.22.0.66"))
    try host.delete(container, PortMapping(8080, 80))
    #expect(try routeLocalnet(host) == "1")
  }

  @Test(
    "a former version's guard of all interfaces is replaced by guards of those with route_localnet, and no hole is left",
    arguments: [Backend.iptablesNFT, .iptablesLegacy])
  func formerGuard(backend: Backend) throws {
    let host = try scene(backend)
    let program = backend == .iptablesNFT ? "iptables-nft" : "iptables-legacy"
    func inputRules() throws -> [String] {
      try host.node.namespace.command(program, "-S", "INPUT").split(separator: "\n").dropFirst().map(String.init)
    }
    let rule =
      "-m comment --comment \"CNI portfwd localhost\" -m conntrack ! --ctstate RELATED,ESTABLISHED,DNAT -j DROP"
    let foreign = "-A INPUT -s 127.0.0.0/8 ! -i other \(rule)"
    let former = ["-A INPUT -s 127.0.0.0/8 ! -i lo \(rule)", "-A INPUT -d 127.0.0.0/8 ! -i lo \(rule)"]
    try host.node.namespace.command(
      "\(program)-restore", "--noflush", input: (["*filter"] + former + ["COMMIT", ""]).joined(separator: "\n"))
    try host.node.namespace.ip("link add loopback0 type bridge")
    for name in ["cni0", "cni1", "loopback0"] {
      try host.node.namespace.set("net/ipv4/conf/\(name)/route_localnet", to: "1")
    }
    let containers = try (5..<7).map { try host.node.addContainer(ip: "10.22.0.\($0)") }
    for (index, container) in containers.enumerated() { try host.add(container, PortMapping(8080 + index, 80)) }
    #expect(try inputRules().count == 2)
    try host.node.namespace.command(
      "\(program)-restore", "--noflush", input: "*filter\n\(foreign)\nCOMMIT\n")
    try host.delete(containers[0], PortMapping(8080, 80))
    let rules = try inputRules()
    #expect(rules.count { $0.contains("-i cni0 ") } == 2)
    #expect(rules.count { $0.contains("-i cni1 ") } == 2)
    #expect(
      rules.filter { !$0.contains("-i cni") }.map { $0.replacing("\"", with: "") } == [
        foreign.replacing("\"", with: "")
      ])
    let attacker = try host.node.addContainer(ip: "10.22.0.66")
    try misroute(attacker.namespace, via: "10.22.0.1")
    // A rule that is only similar stays, and would hide the hole that this test looks for.
    try host.node.namespace.command(program, "-D", "INPUT", "\(rules.count)")
    #expect(try !isReached(host, from: attacker.namespace, "10.22.0.66"))
    try host.delete(containers[1], PortMapping(8081, 80))
    #expect(try (routeLocalnet(host), routeLocalnet(host, "loopback0")) == ("0", "1"))
    try host.succeed(
      "GC",
      try host.call("GC", attacker, options: #""cni.dev/valid-attachments":[],"#, prevResult: false, version: "1.1.0"))
    #expect(try routeLocalnet(host, "cni1") == "0")
    #expect(try inputRules() == [])
  }

  @Test("if route_localnet is set for all interfaces nothing is written, and a read-only /proc/sys does not matter")
  func setForAll() throws {
    let host = try PortmapNode()
    try host.node.namespace.set("net/ipv4/conf/all/route_localnet", to: "1")
    try host.node.namespace.set("net/ipv4/conf/cni0/route_localnet", to: "0")
    let container = try host.node.addContainer(ip: "10.22.0.5")
    try host.succeed("ADD", try host.callWithReadOnlySysctls("ADD", container, [PortMapping(8080, 80)]))
    let server = try container.namespace.run { try TCPListener("10.22.0.5", 80) }
    #expect(try converse(host.node.namespace, "127.0.0.1", 8080, with: server) == ip("10.22.0.1"))
    try host.check(container, PortMapping(8080, 80))
    #expect(try routeLocalnet(host) == "0")
  }

  @Test("route_localnet of each bridge is set while it has containers, in any order, and an ADD that fails sets none")
  func twoBridges() throws {
    let host = try PortmapNode(networks: [.first, .second])
    let first = try host.node.addContainer(ip: "10.22.0.5")
    let second = try host.node.addContainer(ip: "10.23.0.5", network: .second)
    try host.add(first, PortMapping(8080, 80))
    #expect(try routeLocalnet(host, "cni1") == "0")
    #expect(errorObject(try host.callWithReadOnlySysctls("ADD", second, [PortMapping(8081, 80)]))?.code == 5)
    host.settle()
    #expect(try !host.table().contains("cni1"))
    try host.add(second, PortMapping(8081, 80))
    try host.delete(first, PortMapping(8080, 80))
    #expect(try (routeLocalnet(host), routeLocalnet(host, "cni1")) == ("0", "1"))
    // GC completes what a killed plugin has left undone.
    try host.node.namespace.command("nft", "add element inet swift_cni route_localnet { cni0 . cni0, gone0 . gone0 }")
    try host.node.namespace.set("net/ipv4/conf/cni0/route_localnet", to: "1")
    try host.succeed(
      "GC",
      try host.call("GC", first, options: #""cni.dev/valid-attachments":[],"#, prevResult: false, version: "1.1.0"))
    host.settle()
    #expect(try (routeLocalnet(host), routeLocalnet(host, "cni1")) == ("0", "0"))
    #expect(try !host.table().contains("gone0") && !host.table().contains("\"cni"))
  }

  @Test("the host's NIC is not put into hairpin mode because the container's interface has its name (Azure)")
  func hairpin() throws {
    let host = try PortmapNode(bridgeFilter: true)
    let container = try host.node.addContainer(ip: "10.22.0.5")
    try host.node.namespace.ip(
      """
      link add eth0 type veth peer name eth0peer
      link add azure0 type bridge
      link set eth0 master azure0
      """)
    let result = """
      {"cniVersion":"1.0.0","interfaces":[{"name":"eth0"},{"name":"an interface whose name is longer than fifteen bytes"}],\
      "ips":[{"address":"10.22.0.5/16"}]}
      """
    let runtime = #""runtimeConfig":{"portMappings":[\#(PortMapping(8080, 80).json)]},"#
    for verb in ["ADD", "CHECK", "DEL"] {
      let outcome = try host.node.namespace.run {
        try PortmapNode.program.run(
          environment: container.environment(verb), input: pluginConfig("portmap", "test", "1.0.0", runtime, result))
      }
      try host.succeed(verb, outcome)
      if verb != "ADD" { continue }
      let ports = try host.node.namespace.command("ip", "-d", "link", "show", "eth0")
      #expect(ports.contains("hairpin off"))
      let own = try host.node.namespace.command("ip", "-d", "link", "show", container.hostInterface)
      #expect(own.contains("hairpin on"))
    }
  }
}
