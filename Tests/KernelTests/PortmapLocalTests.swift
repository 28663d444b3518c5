// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import TestSupport
import Testing

@Suite(
  "portmap: from this host and its containers",
  .enabled(if: kernelIsThere, "needs privileges to make network namespaces"))
struct PortmapLocalTests {
  @Test(
    "a container reaches its own and its neighbour's port by the host's address, with and without bridge-nf-call-iptables",
    arguments: [false, true])
  func hairpin(bridgeFilter: Bool) throws {
    let host = try PortmapNode(bridgeFilter: bridgeFilter)
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
    try host.node.namespace.ip("link set \(container.hostInterface) type bridge_slave hairpin off")
    let finding = errorObject(try host.call("CHECK", container, [PortMapping(8080, 80), PortMapping(8080, 80, "udp")]))
    let words = "\(container.hostInterface) is not in hairpin mode"
    #expect(finding?.message.contains(words) == (bridgeFilter ? true : nil))
  }

  @Test("a container of another network comes with its own address")
  func otherNetwork() throws {
    let host = try PortmapNode(networks: [.first, .second])
    let container = try host.node.addContainer(ip: "10.22.0.5")
    let foreign = try host.node.addContainer(ip: "10.23.0.5", network: .second)
    try host.add(container, PortMapping(8080, 80))
    let server = try container.namespace.run { try TCPListener("10.22.0.5", 80) }
    #expect(try converse(foreign.namespace, Node.address, 8080, with: server) == ip("10.23.0.5"))
  }

  @Test("the host reaches a port by all of 127.0.0.0/8 and by its own addresses, over TCP and UDP")
  func localhost() throws {
    let host = try PortmapNode()
    let container = try host.node.addContainer(ip: "10.22.0.5", ip6: "fd00:22::5")
    try host.add(container, PortMapping(8080, 80), PortMapping(8080, 80, "udp"))
    let (tcp, udp) = try container.namespace.run { (try TCPListener("10.22.0.5", 80), try UDPSocket("10.22.0.5", 80)) }
    let tcp6 = try container.namespace.run { try TCPListener("fd00:22::5", 80) }
    let node = host.node.namespace
    for address in ["127.0.0.1", "127.1.2.3"] {
      #expect(try converse(node, address, 8080, with: tcp) == ip("10.22.0.1"))
      #expect(try converse(node, address, 8080, with: udp) == ip("10.22.0.1"))
    }
    _ = try converse(node, Node.address, 8080, with: tcp)
    _ = try converse(node, "10.22.0.1", 8080, with: tcp)
    _ = try converse(node, Node.address6, 8080, with: tcp6)
  }

  @Test("::1 keeps leading to the host's own server")
  func localhost6() throws {
    let host = try PortmapNode()
    let container = try host.node.addContainer(ip: "10.22.0.5", ip6: "fd00:22::5")
    try host.add(container, PortMapping(8080, 80))
    let server = try host.node.namespace.run { try TCPListener("::1", 8080) }
    #expect(try converse(host.node.namespace, "::1", 8080, with: server) == ip("::1"))
  }

  @Test("a connection to ::1 from one of the host's own addresses is forwarded to the container")
  func localhost6FromOwnAddress() throws {
    let host = try PortmapNode()
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
  }

  @Test("a port on 127.0.0.1 is reached only from the host")
  func loopbackOnly() throws {
    let host = try PortmapNode()
    let container = try host.node.addContainer(ip: "10.22.0.5")
    try host.add(container, PortMapping(8080, 80, on: "127.0.0.1"))
    let server = try container.namespace.run { try TCPListener("10.22.0.5", 80) }
    #expect(try converse(host.node.namespace, "127.0.0.1", 8080, with: server) == ip("10.22.0.1"))
    #expect(isUnreachable(host.node.client, Node.address, 8080))
  }

  @Test("an interface with a dot in its name gets its route_localnet")
  func dottedInterface() throws {
    let network = Network(bridge: "br0.100", gateway: "10.24.0.1/16", gateway6: "fd00:24::1/64")
    let host = try PortmapNode(networks: [network])
    let container = try host.node.addContainer(ip: "10.24.0.5", network: network)
    try host.add(container, PortMapping(8080, 80))
    let server = try container.namespace.run { try TCPListener("10.24.0.5", 80) }
    #expect(try converse(host.node.namespace, "127.0.0.1", 8080, with: server) == ip("10.24.0.1"))
  }

  @Test("packets that route_localnet lets in from outside are dropped (CVE-2020-8558)")
  func guardAgainstMartians() throws {
    let host = try PortmapNode()
    let container = try host.node.addContainer(ip: "10.22.0.5")
    try host.add(container, PortMapping(8080, 80))
    #expect(try host.node.namespace.sysctl("net/ipv4/conf/cni0/route_localnet") == "1")
    let secret = try host.node.namespace.run { try UDPSocket("127.0.0.1", 9000, timeout: 300) }
    // A container that sends packets for 127.0.0.1 to the host.
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
    // Without the rule the packet arrives: it is the rule that drops it.
    try host.node.namespace.command("nft", "flush", "chain", "inet", "swift_cni", "guard")
    // On a busy machine a packet may arrive late, so several are tried.
    var received: String?
    for _ in 0..<10 where received == nil {
      try sender.send("intrusion", to: Endpoint("127.0.0.1", 9000))
      received = (try? secret.receive())?.text
    }
    #expect(received == "intrusion")
  }
}
