// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import TestSupport
import Testing

/// Restrictions hold whatever address a container sends from.
@Suite(
  "firewall: forged and further addresses", .enabled(if: kernelIsThere, "needs privileges to make network namespaces"))
struct FirewallSourceTests {
  private static let denied = #""denyDestinations":["192.0.2.2/32","2001:db8:1::2/128"],"#

  /// Whether a datagram from one of the container's addresses arrives at the host beside the node.
  private func arrives(_ host: FirewallNode, _ container: Container, from source: String) throws -> Bool {
    let target = source.contains(":") ? Node.clientAddress6 : Node.clientAddress
    let server = try host.node.client.run { try UDPSocket(target, 9, timeout: 150) }
    let client = try container.namespace.run { try UDPSocket(source) }
    try client.send("x", to: Endpoint(target, 9))
    return (try? server.receive())?.from.address == Endpoint(source, 0).address
  }

  /// Whether a connection from one of the container's addresses works; the first one by IPv6 waits for neighbour discovery.
  private func connects(_ host: FirewallNode, _ container: Container, from source: String) throws -> Bool {
    let target = source.contains(":") ? Node.clientAddress6 : Node.clientAddress
    let server = try host.node.client.run { try TCPListener(target, 9, timeout: 1500) }
    defer { server.close() }
    return container.namespace.run {
      (try? TCPConnection.connect(target, 9, from: source, timeout: 1500)) != nil
    }
  }

  @Test(
    "a container on a bridge does not reach denied destinations from further addresses, nor from a family that its result lacks",
    arguments: FirewallBackend.allCases)
  func furtherAddresses(backend: FirewallBackend) throws {
    let host = backend.of(try FirewallNode(networks: [.first]))
    // The result has only the IPv4 address.
    let container = try host.node.addContainer(ip: "10.22.0.5")
    try container.namespace.ip(
      """
      addr add 10.22.0.77/16 dev eth0
      addr add fd00:22::77/64 dev eth0 nodad
      route add ::/0 via fd00:22::1
      """)
    let neighbour = try host.node.addContainer(ip: "10.22.0.6", ip6: "fd00:22::6")
    try host.of("other").succeed("ADD", neighbour)
    for source in ["10.22.0.77", "fd00:22::77"] { #expect(try connects(host, container, from: source)) }
    try host.succeed("ADD", container, options: Self.denied)
    try host.succeed("CHECK", container, options: Self.denied)
    for source in ["10.22.0.5", "10.22.0.77", "fd00:22::77"] {
      #expect(try !connects(host, container, from: source), "\(source)")
    }
    // A container of another network on the same bridge, which has no list, is recognized by its addresses.
    for source in ["10.22.0.6", "fd00:22::6"] { #expect(try connects(host, neighbour, from: source)) }
    try host.delete(container, options: Self.denied)
    for source in ["10.22.0.77", "fd00:22::77"] { #expect(try connects(host, container, from: source)) }
    #expect(try !host.ownedElements().contains { $0.contains(container.id) })
  }

  @Test("a container behind a routed veth does not reach denied destinations even from another container's address")
  func routedVeth() throws {
    let host = try FirewallNode(networks: [.first])
    let container = try host.node.addContainer(ip: "10.22.0.5")
    let other = try host.node.addContainer(ip: "10.22.0.6")
    // As the plugin ptp makes it: no bridge, and a route to the container.
    try host.node.namespace.ip(
      """
      link set \(container.hostInterface) nomaster
      addr add 10.22.0.1/32 dev \(container.hostInterface)
      route add 10.22.0.5/32 dev \(container.hostInterface)
      """)
    try container.namespace.ip("addr add 10.22.0.6/32 dev eth0")
    try host.succeed("ADD", other)
    try host.succeed("ADD", container, options: Self.denied)
    try host.succeed("CHECK", container, options: Self.denied)
    try host.node.namespace.set("net/ipv4/conf/\(container.hostInterface)/rp_filter", to: "0")
    try host.node.namespace.set("net/ipv4/conf/all/rp_filter", to: "0")
    for source in ["10.22.0.5", "10.22.0.6"] { #expect(try !arrives(host, container, from: source), "\(source)") }
    #expect(try arrives(host, other, from: "10.22.0.6"))
    try host.delete(container, options: Self.denied)
    #expect(try arrives(host, container, from: "10.22.0.6"))
  }

  @Test(
    "after a flush of our table the ADD of another network restores the denied destinations of the first one")
  func flushedTable() throws {
    let host = try FirewallNode(networks: [.first])
    let (container, other) = (try host.makeContainer(5), try host.makeContainer(6))
    try host.succeed("ADD", container, options: Self.denied)
    try host.node.namespace.command("nft", "flush", "table", "inet", "swift_cni")
    #expect(try connects(host, container, from: container.ip))
    let status = try #require(errorObject(try host.callForNetwork("STATUS", "")))
    #expect(status.code == 51 && status.message.contains("chain forward has other rules"), "\(status.message)")
    try host.of("other").succeed("ADD", other)
    for source in [container.ip, try #require(container.ip6)] {
      #expect(try !connects(host, container, from: source))
    }
    try host.succeed("CHECK", container, options: Self.denied)
    #expect(try host.callForNetwork("STATUS", "").status == 0)
  }
}
