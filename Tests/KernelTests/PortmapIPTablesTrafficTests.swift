// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import TestSupport
import Testing

@Suite("portmap by iptables: traffic", .enabled(if: kernelIsThere, "needs privileges to make network namespaces"))
struct PortmapIPTablesTrafficTests {
  @Test("a published TCP port answers from another host, which keeps its address, until DEL")
  func tcp() throws {
    let host = try PortmapNode().byIPTables
    let container = try host.node.addContainer(ip: "10.22.0.5", ip6: "fd00:22::5")
    try host.add(container, PortMapping(8080, 80))
    let (server, server6) = try container.namespace.run {
      (try TCPListener("10.22.0.5", 80), try TCPListener("fd00:22::5", 80))
    }
    let client = host.node.client
    #expect(try converse(client, Node.address, 8080, with: server) == ip(Node.clientAddress))
    #expect(try converse(client, Node.address6, 8080, with: server6) == ip(Node.clientAddress6))
    try host.check(container, PortMapping(8080, 80))
    try host.delete(container, PortMapping(8080, 80))
    #expect(isUnreachable(client, Node.address, 8080))
    #expect(isUnreachable(client, Node.address6, 8080))
  }

  @Test("a published UDP port answers from another host, which keeps its address, over IPv4 and IPv6")
  func udp() throws {
    let host = try PortmapNode().byIPTables
    let container = try host.node.addContainer(ip: "10.22.0.5", ip6: "fd00:22::5")
    try host.add(container, PortMapping(5353, 53, "UDP"))
    let (server, server6) = try container.namespace.run {
      (try UDPSocket("10.22.0.5", 53), try UDPSocket("fd00:22::5", 53))
    }
    #expect(try converse(host.node.client, Node.address, 5353, with: server) == ip(Node.clientAddress))
    #expect(try converse(host.node.client, Node.address6, 5353, with: server6) == ip(Node.clientAddress6))
  }

  @Test("an SCTP packet to a published port comes to the container with a right checksum")
  func sctp() throws {
    let host = try PortmapNode().byIPTables
    let container = try host.node.addContainer(ip: "10.22.0.5")
    try host.add(container, PortMapping(9900, 99, "sctp"))
    let receiver = try container.namespace.run { try RawSCTP("10.22.0.5") }
    let sender = try host.node.client.run { try RawSCTP(Node.clientAddress) }
    try sender.sendInit(fromPort: 1234, to: Endpoint(Node.address, 9900))
    let packet = try #require(try receiver.receive())
    #expect(packet.destination == Endpoint("10.22.0.5", 99))
    #expect(packet.source == Endpoint(Node.clientAddress, 1234))
    #expect(packet.checksumIsRight)
  }

  @Test("with a hostIP only that address of the host is published")
  func hostAddress() throws {
    let host = try PortmapNode().byIPTables
    try host.node.namespace.ip("addr add 192.0.2.9/24 dev uplink\naddr add 2001:db8:1::9/64 dev uplink nodad")
    let container = try host.node.addContainer(ip: "10.22.0.5", ip6: "fd00:22::5")
    try host.add(container, PortMapping(8080, 80, on: "192.0.2.9"), PortMapping(8080, 80, on: "2001:db8:1::9"))
    let (server, server6) = try container.namespace.run {
      (try TCPListener("10.22.0.5", 80), try TCPListener("fd00:22::5", 80))
    }
    let client = host.node.client
    #expect(try converse(client, "192.0.2.9", 8080, with: server) == ip(Node.clientAddress))
    #expect(try converse(client, "2001:db8:1::9", 8080, with: server6) == ip(Node.clientAddress6))
    #expect(isUnreachable(client, Node.address, 8080))
    #expect(isUnreachable(client, Node.address6, 8080))
  }

  @Test("a port on one address and the same on all lead to two containers")
  func addressAndAll() throws {
    let host = try PortmapNode().byIPTables
    let all = try host.node.addContainer(ip: "10.22.0.6")
    let one = try host.node.addContainer(ip: "10.22.0.5")
    try host.add(all, PortMapping(8080, 80))
    try host.add(one, PortMapping(8080, 80, on: Node.address), options: #""hostPortConflict":"error","#)
    let server = try one.namespace.run { try TCPListener("10.22.0.5", 80) }
    let other = try all.namespace.run { try TCPListener("10.22.0.6", 80) }
    #expect(try converse(host.node.client, Node.address, 8080, with: server) == ip(Node.clientAddress))
    _ = try converse(host.node.namespace, "10.22.0.1", 8080, with: other)
  }

  @Test("with masqAll all connections are masqueraded, with snat false none")
  func masquerading() throws {
    let host = try PortmapNode().byIPTables
    let container = try host.node.addContainer(ip: "10.22.0.5", ip6: "fd00:22::5")
    let (server, server6) = try container.namespace.run {
      (try TCPListener("10.22.0.5", 80), try TCPListener("fd00:22::5", 80))
    }
    try host.add(container, PortMapping(8080, 80), options: #""masqAll":true,"#)
    #expect(try converse(host.node.client, Node.address, 8080, with: server) == ip("10.22.0.1"))
    #expect(try converse(host.node.client, Node.address6, 8080, with: server6) == ip("fd00:22::1"))
    try host.check(container, PortMapping(8080, 80), options: #""masqAll":true,"#)
    try host.add(container, PortMapping(8080, 80), options: #""masqAll":true,"snat":false,"#)
    #expect(try converse(host.node.client, Node.address, 8080, with: server) == ip(Node.clientAddress))
    #expect(isUnreachable(host.node.namespace, "127.0.0.1", 8080))
  }

  @Test("with another markMasqBit connections from the node are masqueraded all the same", arguments: [0, 31])
  func markBit(bit: Int) throws {
    let host = try PortmapNode().byIPTables
    let container = try host.node.addContainer(ip: "10.22.0.5")
    let server = try container.namespace.run { try TCPListener("10.22.0.5", 80) }
    try host.add(container, PortMapping(8080, 80), options: #""markMasqBit":\#(bit),"#)
    #expect(try converse(host.node.namespace, "127.0.0.1", 8080, with: server) == ip("10.22.0.1"))
  }

  @Test("traffic through the host to the same port of another address is not forwarded, with and without hostIP")
  func forwarded() throws {
    let host = try PortmapNode().byIPTables
    let container = try host.node.addContainer(ip: "10.22.0.5", ip6: "fd00:22::5")
    let bystander = try host.node.addContainer(ip: "10.22.0.6", ip6: "fd00:22::6")
    try host.add(
      container, PortMapping(53, 53), PortMapping(53, 53, "udp"), PortMapping(53, 53, "udp", on: "10.22.0.6"),
      PortMapping(53, 53, on: "fd00:22::6"))
    let client = host.node.client
    let (tcp, udp) = try bystander.namespace.run { (try TCPListener("10.22.0.6", 53), try UDPSocket("10.22.0.6", 53)) }
    let (tcp6, udp6) = try bystander.namespace.run {
      (try TCPListener("fd00:22::6", 53), try UDPSocket("fd00:22::6", 53))
    }
    #expect(try converse(client, "10.22.0.6", 53, with: tcp) == ip(Node.clientAddress))
    #expect(try converse(client, "10.22.0.6", 53, with: udp) == ip(Node.clientAddress))
    #expect(try converse(client, "fd00:22::6", 53, with: tcp6) == ip(Node.clientAddress6))
    #expect(try converse(client, "fd00:22::6", 53, with: udp6) == ip(Node.clientAddress6))
    // The same for traffic from the container's network.
    let outside = try client.run { try UDPSocket(Node.clientAddress, 53) }
    #expect(try converse(bystander.namespace, Node.clientAddress, 53, with: outside) == ip("10.22.0.6"))
  }

  @Test("a UDP flow follows its port: to the container after ADD, to the next owner, to the host after DEL")
  func flow() throws {
    let host = try PortmapNode().byIPTables
    let old = try host.node.addContainer(ip: "10.22.0.5")
    let new = try host.node.addContainer(ip: "10.22.0.6")
    let first = try old.namespace.run { try UDPSocket("10.22.0.5", 53, timeout: 300) }
    let second = try new.namespace.run { try UDPSocket("10.22.0.6", 53) }
    let onHost = try host.node.namespace.run { try UDPSocket(Node.address, 5353) }
    let client = try host.node.client.run { try UDPSocket(Node.clientAddress) }
    try client.send("before", to: Endpoint(Node.address, 5353))
    #expect(try onHost.receive().text == "before")
    try host.add(old, PortMapping(5353, 53, "udp"))
    try client.send("to the old", to: Endpoint(Node.address, 5353))
    #expect(try first.receive().text == "to the old")
    try host.add(new, PortMapping(5353, 53, "udp"))
    try client.send("to the new", to: Endpoint(Node.address, 5353))
    #expect(try second.receive().text == "to the new")
    // The old container still has its rules, which hold again without the new one's.
    try host.delete(new, PortMapping(5353, 53, "udp"))
    try client.send("to the old again", to: Endpoint(Node.address, 5353))
    #expect(try first.receive().text == "to the old again")
    try host.delete(old)
    try client.send("to the host", to: Endpoint(Node.address, 5353))
    #expect(try onHost.receive().text == "to the host")
    #expect(throws: SocketError.self) { try first.receive() }
  }
}
