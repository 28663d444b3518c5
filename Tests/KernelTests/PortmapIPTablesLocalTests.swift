// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Rules
import TestSupport
import Testing

@Suite(
  "portmap by iptables: from this host and its containers",
  .enabled(if: kernelIsThere, "needs privileges to make network namespaces"))
struct PortmapIPTablesLocalTests {
  @Test(
    "a container reaches its own and its neighbour's port by the host's address, with and without bridge-nf-call-iptables",
    arguments: [false, true])
  func hairpin(bridgeFilter: Bool) throws {
    let host = try PortmapNode(bridgeFilter: bridgeFilter).byIPTables
    let container = try host.node.addContainer(ip: "10.22.0.5", ip6: "fd00:22::5")
    let neighbour = try host.node.addContainer(ip: "10.22.0.6", ip6: "fd00:22::6")
    try host.add(container, PortMapping(8080, 80), PortMapping(8080, 80, "udp"))
    let (tcp, udp) = try container.namespace.run { (try TCPListener("10.22.0.5", 80), try UDPSocket("10.22.0.5", 80)) }
    let tcp6 = try container.namespace.run { try TCPListener("fd00:22::5", 80) }
    for client in [container.namespace, neighbour.namespace] {
      #expect(try converse(client, Node.address, 8080, with: tcp) == ip("10.22.0.1"))
      #expect(try converse(client, "10.22.0.1", 8080, with: tcp) == ip("10.22.0.1"))
      #expect(try converse(client, Node.address, 8080, with: udp) == ip("10.22.0.1"))
      #expect(try converse(client, Node.address6, 8080, with: tcp6) == ip("fd00:22::1"))
    }
    try host.check(container, PortMapping(8080, 80), PortMapping(8080, 80, "udp"))
  }

  @Test("a container of another network comes with its own address")
  func otherNetwork() throws {
    let host = try PortmapNode(networks: [.first, .second]).byIPTables
    let container = try host.node.addContainer(ip: "10.22.0.5")
    let foreign = try host.node.addContainer(ip: "10.23.0.5", network: .second)
    try host.add(container, PortMapping(8080, 80))
    let server = try container.namespace.run { try TCPListener("10.22.0.5", 80) }
    #expect(try converse(foreign.namespace, Node.address, 8080, with: server) == ip("10.23.0.5"))
  }

  @Test("the host reaches a port by 127.0.0.1 and by its own addresses, over TCP and UDP")
  func localhost() throws {
    let host = try PortmapNode().byIPTables
    let container = try host.node.addContainer(ip: "10.22.0.5", ip6: "fd00:22::5")
    try host.add(container, PortMapping(8080, 80), PortMapping(8080, 80, "udp"))
    let (tcp, udp) = try container.namespace.run { (try TCPListener("10.22.0.5", 80), try UDPSocket("10.22.0.5", 80)) }
    let tcp6 = try container.namespace.run { try TCPListener("fd00:22::5", 80) }
    let node = host.node.namespace
    #expect(try converse(node, "127.0.0.1", 8080, with: tcp) == ip("10.22.0.1"))
    #expect(try converse(node, "127.0.0.1", 8080, with: udp) == ip("10.22.0.1"))
    _ = try converse(node, Node.address, 8080, with: tcp)
    _ = try converse(node, "10.22.0.1", 8080, with: tcp)
    _ = try converse(node, Node.address6, 8080, with: tcp6)
  }

  @Test(
    "a connection to ::1 from one of the host's own addresses is forwarded to the container",
    arguments: IPTablesSettings.Variant.allCases)
  func localhost6FromOwnAddress(variant: IPTablesSettings.Variant) throws {
    let host = try PortmapNode(programs: IPTablesPrograms(variant)).byIPTables
    let container = try host.node.addContainer(ip: "10.22.0.5", ip6: "fd00:22::5")
    try host.add(container, PortMapping(54323, 80, on: "::1"), PortMapping(8080, 80))
    let server = try container.namespace.run { try TCPListener("fd00:22::5", 80) }
    for port in [54323, 8080] as [UInt16] {
      let connection = try host.node.namespace.run { try TCPConnection.connect("::1", port, from: Node.address6) }
      let accepted = try server.accept()
      try connection.send("question")
      #expect(try accepted.receive() == "question")
      try accepted.send("answer")
      #expect(try connection.receive() == "answer")
    }
    #expect(isUnreachable(host.node.client, Node.address6, 54323))
    try host.check(container, PortMapping(54323, 80, on: "::1"), PortMapping(8080, 80))
  }

  @Test("a port on 127.0.0.1 is reached only from the host")
  func loopbackOnly() throws {
    let host = try PortmapNode().byIPTables
    let container = try host.node.addContainer(ip: "10.22.0.5")
    try host.add(container, PortMapping(8080, 80, on: "127.0.0.1"))
    let server = try container.namespace.run { try TCPListener("10.22.0.5", 80) }
    #expect(try converse(host.node.namespace, "127.0.0.1", 8080, with: server) == ip("10.22.0.1"))
    #expect(isUnreachable(host.node.client, Node.address, 8080))
  }

  @Test("packets that route_localnet lets in from outside are dropped (CVE-2020-8558)")
  func guardAgainstMartians() throws {
    let host = try PortmapNode().byIPTables
    let container = try host.node.addContainer(ip: "10.22.0.5")
    try host.add(container, PortMapping(8080, 80))
    #expect(try host.node.namespace.sysctl("net/ipv4/conf/cni0/route_localnet") == "1")
    let secret = try host.node.namespace.run { try UDPSocket("127.0.0.1", 9000, timeout: 300) }
    let attacker = try host.node.addContainer(ip: "10.22.0.66")
    try attacker.namespace.set("net/ipv4/conf/all/route_localnet", to: "1")
    try attacker.namespace.ip(
      """
      route del local 127.0.0.0/8 dev lo table local
      route del local 127.0.0.1 dev lo table local
      route add 127.0.0.0/8 via 10.22.0.1
      """)
    let sender = try attacker.namespace.run { try UDPSocket("10.22.0.66") }
    try sender.send("intrusion", to: Endpoint("127.0.0.1", 9000))
    #expect(throws: SocketError.self) { try secret.receive() }
  }

  /// Lets a neighbour send its packets for 198.51.100.1 to 127.0.0.1, and accept the replies.
  private func disguise(_ attacker: Namespace) throws {
    try attacker.command(
      "nft", "-f", "-",
      input: """
        table netdev t {
          chain out { type filter hook egress device eth0 priority 0; ip daddr 198.51.100.1 ip daddr set 127.0.0.1; }
          chain in { type filter hook ingress device eth0 priority 0; ip saddr 127.0.0.1 ip saddr set 198.51.100.1; }
        }

        """)
  }

  @Test(
    "a port on 127.0.0.1 is reached neither by a container of another network, nor by a neighbour where route_localnet is on",
    arguments: IPTablesSettings.Variant.allCases)
  func loopbackFromElsewhere(variant: IPTablesSettings.Variant) throws {
    let host = try PortmapNode(networks: [.first, .second], programs: IPTablesPrograms(variant)).byIPTables
    let container = try host.node.addContainer(ip: "10.22.0.5")
    let bystander = try host.node.addContainer(ip: "10.23.0.5", network: .second)
    try host.add(container, PortMapping(8080, 80, on: "127.0.0.1"), PortMapping(8081, 80))
    // The ports of the other network's container set route_localnet of its bridge too.
    try host.add(bystander, PortMapping(8082, 80))
    try host.node.namespace.set("net/ipv4/conf/uplink/route_localnet", to: "1")
    let intruder = try host.node.addContainer(ip: "10.23.0.66", network: .second).namespace
    let server = try container.namespace.run { try TCPListener("10.22.0.5", 80) }
    let attackers = [(intruder, "10.23.0.1"), (host.node.client, Node.address)]
    for (attacker, gateway) in attackers {
      try disguise(attacker)
      #expect(isUnreachable(attacker, "198.51.100.1", 8080))
      // A port that is published on every address is for everybody.
      _ = try converse(attacker, gateway, 8081, with: server)
    }
    #expect(try converse(host.node.namespace, "127.0.0.1", 8080, with: server) == ip("10.22.0.1"))
    // Without the rule the packet arrives: it is the rule that drops it.
    let rule = try #require(try host.saved().first { $0.hasSuffix("-j CNI-HOSTPORT-LOCAL") })
    try host.node.namespace.command(
      "iptables-\(variant.rawValue)-restore", "--noflush", input: "*nat\n-D\(rule.dropFirst(2))\nCOMMIT\n")
    for (attacker, _) in attackers { _ = try converse(attacker, "198.51.100.1", 8080, with: server) }
  }
}
