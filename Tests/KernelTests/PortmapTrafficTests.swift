// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import TestSupport
import Testing

@Suite("portmap: traffic", .enabled(if: kernelIsThere, "needs privileges to make network namespaces"))
struct PortmapTrafficTests {
  @Test("a published TCP port answers from another host, which keeps its address, over IPv4 and IPv6")
  func tcp() throws {
    let host = try PortmapNode()
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
    host.settle()
    #expect(isUnreachable(client, Node.address, 8080))
    #expect(isUnreachable(client, Node.address6, 8080))
  }

  @Test("a published UDP port answers from another host, which keeps its address, over IPv4 and IPv6")
  func udp() throws {
    let host = try PortmapNode()
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
    let host = try PortmapNode()
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
    let host = try PortmapNode()
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

  @Test("a port on one address takes precedence over the same port on all, whoever has it")
  func addressBeforeAll() throws {
    let host = try PortmapNode()
    let one = try host.node.addContainer(ip: "10.22.0.5")
    let all = try host.node.addContainer(ip: "10.22.0.6")
    try host.add(one, PortMapping(8080, 80, on: Node.address))
    try host.add(all, PortMapping(8080, 80))
    let server = try one.namespace.run { try TCPListener("10.22.0.5", 80) }
    let other = try all.namespace.run { try TCPListener("10.22.0.6", 80) }
    #expect(try converse(host.node.client, Node.address, 8080, with: server) == ip(Node.clientAddress))
    _ = try converse(host.node.namespace, "10.22.0.1", 8080, with: other)
  }

  @Test(
    "a hostIP of 0.0.0.0 is every address of IPv4, :: every one of IPv6, and none is all",
    arguments: PortmapBackendChangeTests.Backend.allCases, ["0.0.0.0", "::", ""])
  func unspecified(backend: PortmapBackendChangeTests.Backend, address: String) throws {
    let host = backend.of(try PortmapNode(programs: IPTablesPrograms(.nft)))
    let container = try host.node.addContainer(ip: "10.22.0.5", ip6: "fd00:22::5")
    try host.add(container, PortMapping(8080, 80, on: address))
    let (server, server6) = try container.namespace.run {
      (try TCPListener("10.22.0.5", 80), try TCPListener("fd00:22::5", 80))
    }
    if address == "::" {
      #expect(isUnreachable(host.node.client, Node.address, 8080))
    } else {
      #expect(try converse(host.node.client, Node.address, 8080, with: server) == ip(Node.clientAddress))
    }
    if address == "0.0.0.0" {
      #expect(isUnreachable(host.node.client, Node.address6, 8080))
    } else {
      #expect(try converse(host.node.client, Node.address6, 8080, with: server6) == ip(Node.clientAddress6))
    }
    try host.check(container, PortMapping(8080, 80, on: address))
  }

  @Test(
    "[::]:80 of one container does not take 0.0.0.0:80 of another, and of one each may lead to a port of its own",
    arguments: PortmapBackendChangeTests.Backend.allCases)
  func eachFamily(backend: PortmapBackendChangeTests.Backend) throws {
    let host = backend.of(try PortmapNode(programs: IPTablesPrograms(.nft)))
    let four = try host.node.addContainer(ip: "10.22.0.5", ip6: "fd00:22::5")
    let six = try host.node.addContainer(ip: "10.22.0.6", ip6: "fd00:22::6")
    let server = try four.namespace.run { try TCPListener("10.22.0.5", 80) }
    let (server6, other6) = try six.namespace.run {
      (try TCPListener("fd00:22::6", 80), try TCPListener("fd00:22::6", 90))
    }
    let other = try six.namespace.run { try TCPListener("10.22.0.6", 80) }
    try host.add(four, PortMapping(80, 80, on: "0.0.0.0"))
    let outcome = try host.call("ADD", six, [PortMapping(80, 80, on: "::")])
    try host.succeed("ADD", outcome)
    #expect(outcome.errorText.isEmpty)
    _ = try converse(host.node.client, Node.address, 80, with: server)
    _ = try converse(host.node.client, Node.address6, 80, with: server6)
    try host.add(six, PortMapping(8080, 80, on: "0.0.0.0"), PortMapping(8080, 90, on: "::"))
    _ = try converse(host.node.client, Node.address, 8080, with: other)
    _ = try converse(host.node.client, Node.address6, 8080, with: other6)
  }

  @Test(
    "a mapping of a family that the container lacks is left out with a note; without an address nothing is published")
  func missingFamily() throws {
    let host = try PortmapNode()
    let container = try host.node.addContainer(ip: "10.22.0.5")
    let mappings = [PortMapping(8080, 80), PortMapping(8081, 80, on: "2001:db8:1::1"), PortMapping(8082, 80, on: "::")]
    let outcome = try host.call("ADD", container, mappings)
    try host.succeed("ADD", outcome)
    for index in 1...2 {
      #expect(outcome.errorText.contains("portMappings[\(index)].hostIP: the container has no IPv6"))
    }
    let server = try container.namespace.run { try TCPListener("10.22.0.5", 80) }
    _ = try converse(host.node.client, Node.address, 8080, with: server)
    try host.succeed("CHECK", try host.call("CHECK", container, mappings))
    let bare = try host.callWithoutAddress("ADD", container, mappings)
    try host.succeed("ADD", bare)
    host.settle()
    #expect(bare.errorText.contains("eth0 has no address"))
    #expect(try host.elements().isEmpty)
    for verb in ["CHECK", "DEL"] { try host.succeed(verb, try host.callWithoutAddress(verb, container, mappings)) }
  }

  @Test("with masqAll all connections are masqueraded, with snat false none")
  func masquerading() throws {
    let host = try PortmapNode()
    let container = try host.node.addContainer(ip: "10.22.0.5")
    let server = try container.namespace.run { try TCPListener("10.22.0.5", 80) }
    try host.add(container, PortMapping(8080, 80), options: #""masqAll":true,"#)
    #expect(try converse(host.node.client, Node.address, 8080, with: server) == ip("10.22.0.1"))
    try host.check(container, PortMapping(8080, 80), options: #""masqAll":true,"#)
    try host.add(container, PortMapping(8080, 80), options: #""masqAll":true,"snat":false,"#)
    host.settle()
    #expect(try converse(host.node.client, Node.address, 8080, with: server) == ip(Node.clientAddress))
    #expect(isUnreachable(host.node.namespace, "127.0.0.1", 8080))
  }

  @Test("connections that foreign rules forward to the same port of the container keep their source")
  func othersTranslation() throws {
    let host = try PortmapNode()
    let container = try host.node.addContainer(ip: "10.22.0.5")
    let neighbour = try host.node.addContainer(ip: "10.22.0.6")
    try host.node.namespace.command(
      "nft", "-f", "-",
      input: """
        table ip service {
          chain prerouting {
            type nat hook prerouting priority dstnat
            ip daddr 10.96.0.1 tcp dport 80 dnat to 10.22.0.5:80
          }
        }

        """)
    let server = try container.namespace.run { try TCPListener("10.22.0.5", 80) }
    try host.add(container, PortMapping(8080, 80), options: #""masqAll":true,"#)
    #expect(try converse(host.node.client, "10.96.0.1", 80, with: server) == ip(Node.clientAddress))
    try host.add(container, PortMapping(8080, 80))
    // Only the neighbour's first packet is checked, because its reply would not pass the host.
    _ = try? neighbour.namespace.run { try TCPConnection.connect("10.96.0.1", 80, timeout: 200) }
    #expect(try !host.node.namespace.command("conntrack", "-L").contains("dst=10.22.0.1 sport=80"))
  }

  @Test("traffic through the host to the same port of another address is not forwarded, with and without hostIP")
  func forwarded() throws {
    let host = try PortmapNode()
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
}
