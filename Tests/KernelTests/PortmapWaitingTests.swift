// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Glibc
import TestSupport
import Testing

@Suite(
  "portmap: a port that was taken over goes back",
  .enabled(if: kernelIsThere, "needs privileges to make network namespaces"))
struct PortmapWaitingTests {
  typealias Backend = PortmapBackendChangeTests.Backend

  /// Servers of a container at TCP port 80 and UDP port 53.
  private struct Servers {
    let tcp: TCPListener
    let udp: UDPSocket

    init(_ container: Container) throws {
      (tcp, udp) = try container.namespace.run { (try TCPListener(container.ip, 80), try UDPSocket(container.ip, 53)) }
    }

    func expectAnswers(_ host: PortmapNode, sourceLocation: SourceLocation = #_sourceLocation) throws {
      let client = try ip(Node.clientAddress)
      #expect(try converse(host.node.client, Node.address, 8080, with: tcp) == client, sourceLocation: sourceLocation)
      #expect(try converse(host.node.client, Node.address, 5353, with: udp) == client, sourceLocation: sourceLocation)
    }
  }

  private static let mappings = [PortMapping(8080, 80), PortMapping(5353, 53, "udp")]

  private func scene(_ backend: Backend) throws -> PortmapNode {
    backend.of(try PortmapNode(networks: [.first, .second], programs: IPTablesPrograms(.nft)))
  }

  enum End: CaseIterable { case delete, deleteWithoutPorts, garbage, failedAdd }

  @Test(
    "when the new owner of a port is deleted by DEL or GC, or its ADD fails, the port leads to its former owner again",
    arguments: Backend.allCases, End.allCases)
  func goesBack(backend: Backend, end: End) throws {
    let host = try scene(backend)
    let old = try host.node.addContainer(ip: "10.22.0.5")
    let new = try host.node.addContainer(ip: "10.22.0.6")
    let (oldServers, newServers) = (try Servers(old), try Servers(new))
    try host.succeed("ADD", old, Self.mappings)
    try oldServers.expectAnswers(host)
    let before = (try host.elements().sorted(), try host.savedOfAll())
    if end == .failedAdd {
      try host.node.namespace.set("net/ipv4/conf/cni0/route_localnet", to: "0")
      #expect(errorObject(try host.callWithReadOnlySysctls("ADD", new, Self.mappings))?.code == 5)
      try host.node.namespace.set("net/ipv4/conf/cni0/route_localnet", to: "1")
    } else {
      try host.succeed("ADD", new, Self.mappings)
      try newServers.expectAnswers(host)
      #expect(errorObject(try host.call("CHECK", old, Self.mappings))?.code == 102)
    }
    switch end {
    case .failedAdd: break
    case .delete: try host.succeed("DEL", new, Self.mappings)
    case .deleteWithoutPorts: try host.succeed("DEL", try host.call("DEL", new, prevResult: false))
    case .garbage:
      let valid = #""cni.dev/valid-attachments":[{"containerID":"\#(old.id)","ifname":"eth0"}],"#
      try host.succeed("GC", try host.call("GC", old, options: valid, prevResult: false, version: "1.1.0"))
    }
    host.settle()
    try oldServers.expectAnswers(host)
    try host.succeed("CHECK", old, Self.mappings)
    #expect(try host.elements().sorted() == before.0)
    #expect(try changes(from: before.1, to: host.savedOfAll()) == [])
    try host.succeed("DEL", old, Self.mappings)
    host.settle()
    #expect(try host.elements().isEmpty && host.savedOfContainers().isEmpty)
  }

  @Test("DEL removes a waiting mapping completely, wherever it is in the queue", arguments: Backend.allCases)
  func waitingDeleted(backend: Backend) throws {
    let host = try scene(backend)
    let containers = try (5..<9).map { try host.node.addContainer(ip: "10.22.0.\($0)") }
    let servers = try containers.map { try Servers($0) }
    for container in containers { try host.succeed("ADD", container, Self.mappings) }
    try servers[3].expectAnswers(host)
    try host.succeed("DEL", containers[1], Self.mappings)
    try servers[3].expectAnswers(host)
    try host.succeed("DEL", containers[3], Self.mappings)
    try servers[2].expectAnswers(host)
    try host.succeed("DEL", containers[2], Self.mappings)
    try servers[0].expectAnswers(host)
    try host.succeed("DEL", containers[0], Self.mappings)
    host.settle()
    #expect(try host.elements().isEmpty && host.savedOfContainers().isEmpty)
    #expect(isUnreachable(host.node.client, Node.address, 8080))
  }

  @Test(
    "podman network connect: with the same ports for a second network the first keeps them, disconnect of either leaves them",
    arguments: Backend.allCases, [0, 1])
  func secondNetwork(backend: Backend, disconnected: Int) throws {
    let host = try scene(backend)
    var other = host
    other.network = "other"
    let first = try host.node.addContainer(ip: "10.22.0.5")
    let second = try host.node.attach(first, ip: "10.23.0.5", ifName: "eth1", network: .second)
    // Replies to packets from one interface do not leave by the other.
    for scope in ["all", "eth0", "eth1"] { try first.namespace.set("net/ipv4/conf/\(scope)/rp_filter", to: "1") }
    let (servers, secondServers) = (try Servers(first), try Servers(second))
    try host.succeed("ADD", first, Self.mappings)
    for _ in 0..<2 {
      try other.succeed("ADD", second, Self.mappings)
      try servers.expectAnswers(host)
      try host.succeed("CHECK", first, Self.mappings)
      try other.succeed("CHECK", second, Self.mappings)
    }
    if disconnected == 1 {
      try other.succeed("DEL", second, Self.mappings)
      try servers.expectAnswers(host)
      try host.succeed("CHECK", first, Self.mappings)
      try host.succeed("DEL", first, Self.mappings)
    } else {
      try host.succeed("DEL", first, Self.mappings)
      try first.namespace.ip("link del eth0\nroute add default via 10.23.0.1")
      try secondServers.expectAnswers(host)
      try other.succeed("CHECK", second, Self.mappings)
      try other.succeed("DEL", second, Self.mappings)
    }
    host.settle()
    #expect(try host.elements().isEmpty && host.savedOfContainers().isEmpty)
  }

  @Test("of several ports the second network gets those that the first does not have", arguments: Backend.allCases)
  func otherPorts(backend: Backend) throws {
    let host = try scene(backend)
    let first = try host.node.addContainer(ip: "10.22.0.5")
    let second = try host.node.attach(first, ip: "10.22.0.6", ifName: "eth1", network: .first)
    let foreign = try host.node.addContainer(ip: "10.22.0.7")
    let listeners = try [first, second].map { container in
      try container.namespace.run { try TCPListener(container.ip, 80) }
    }
    try host.add(foreign, PortMapping(8081, 80))
    try host.add(first, PortMapping(8080, 80))
    try host.add(foreign, PortMapping(8081, 80), PortMapping(8082, 80))
    try host.add(second, PortMapping(8080, 80), PortMapping(8081, 80))
    _ = try converse(host.node.client, Node.address, 8080, with: listeners[0])
    _ = try converse(host.node.namespace, Node.address, 8081, with: listeners[1])
    try host.check(first, PortMapping(8080, 80))
    try host.check(second, PortMapping(8080, 80), PortMapping(8081, 80))
  }

  @Test("a waiting mapping with conditions gets its port back with them, also after GC")
  func conditions() throws {
    var host = try scene(.nftables)
    let new = try host.node.addContainer(ip: "10.22.0.6")
    let old = try host.node.addContainer(ip: "10.22.0.5")
    let options = #""sourceRanges":["192.0.2.2"],"#
    let servers = (try Servers(old), try Servers(new))
    try host.succeed("ADD", old, Self.mappings, options: options)
    let before = try host.elements().sorted()
    host.network = "taker"
    try host.succeed("ADD", new, Self.mappings)
    try servers.1.expectAnswers(host)
    host.network = "test"
    let valid = #""cni.dev/valid-attachments":[{"containerID":"\#(old.id)","ifname":"eth0"}],"#
    try host.succeed("GC", try host.call("GC", old, options: valid, prevResult: false, version: "1.1.0"))
    host.network = "taker"
    try host.succeed("DEL", new, Self.mappings)
    host.settle()
    host.network = "test"
    #expect(try host.elements().sorted() == before)
    try host.succeed("CHECK", old, Self.mappings, options: options)
    try servers.0.expectAnswers(host)
    #expect(isUnreachable(host.node.namespace, Node.address, 8080))
    // A port whose conditions are lost is closed.
    host.network = "taker"
    try host.succeed("ADD", new, Self.mappings)
    let table = try host.table()
    let name = try #require(
      table.split(separator: "\n").first { $0.contains("set conditions4_") }?.split(separator: " ").dropFirst().first)
    try host.node.namespace.command(
      "nft",
      """
      flush chain inet swift_cni hostports4; flush chain inet swift_cni hostip_hostports4; \
      delete chain inet swift_cni \(name); delete set inet swift_cni \(name); delete set inet swift_cni \(name)_hostip
      """)
    try host.succeed("DEL", new, Self.mappings)
    host.settle()
    #expect(isUnreachable(host.node.client, Node.address, 8080))
    host.network = "test"
    try host.succeed("ADD", old, Self.mappings, options: options)
    try servers.0.expectAnswers(host)
  }

  /// The state of containers: the elements of our table, and the rules and chains in the tables of both variants.
  private func state(_ host: PortmapNode) throws -> [String] {
    try host.elements().sorted() + host.savedOfAll().filter { $0.contains("CNI-DN-") }
  }

  @Test(
    "64 containers take a port from one another at the same time, 63 are deleted, and it leads to the remaining one",
    arguments: Backend.allCases)
  func crowd(backend: Backend) throws {
    let host = try scene(backend)
    let last = try host.node.addContainer(ip: "10.22.0.5")
    let servers = try Servers(last)
    try host.succeed("ADD", last, Self.mappings)
    let alone = try state(host)
    let others = try (0..<63).map { Container(namespace: last.namespace, address: try ip("10.22.1.\($0)")) }
    let adding = try ([last] + others).shuffled().map { try host.start("ADD", $0, Self.mappings) }
    for program in adding { try host.succeed("ADD", try program.wait()) }
    // Each mapping, each masquerading of it and each attachment once, be it the one that serves or one that waits; or the chain,
    // its six rules and two entries.
    #expect(try state(host).count == 64 * (backend == .nftables ? 7 : 9))
    let deleting = try others.map { try host.start("DEL", $0, Self.mappings) }
    for program in deleting { try host.succeed("DEL", try program.wait()) }
    host.settle()
    #expect(try state(host) == alone)
    try servers.expectAnswers(host)
    try host.succeed("CHECK", last, Self.mappings)
  }

  @Test(
    "plugins that are killed at any instant leave the port with its present or former owner, and nothing of deleted containers",
    arguments: Backend.allCases)
  func killed(backend: Backend) throws {
    let host = try scene(backend)
    let first = try host.node.addContainer(ip: "10.22.0.5")
    let servers = try Servers(first)
    try host.succeed("ADD", first, Self.mappings)
    let before = try state(host)
    var deaths = 0
    for round in 0..<(backend == .nftables ? 60 : 30) {
      let taker = Container(namespace: first.namespace, address: try ip("10.22.1.\(round)"))
      for verb in ["ADD", round % 2 == 0 ? "DEL" : "ADD"] {
        let program = try host.start(verb, taker, Self.mappings)
        usleep(.random(in: 0...4000))
        program.kill()
        if try program.wait().signal == SIGKILL { deaths += 1 }
      }
      try host.succeed("DEL", try host.call("DEL", taker, Self.mappings, prevResult: round % 3 == 0))
      host.settle()
      #expect(try state(host) == before)
    }
    try servers.expectAnswers(host)
    #expect(deaths > 10)
  }
}
