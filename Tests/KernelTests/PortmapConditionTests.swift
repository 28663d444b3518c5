// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import TestSupport
import Testing

@Suite("portmap: conditions", .enabled(if: kernelIsThere, "needs privileges to make network namespaces"))
struct PortmapConditionTests {
  /// A condition, and whether a connection from the client (192.0.2.2, by interface uplink, to 192.0.2.1) meets it.
  static let cases: [(words: [String], isMet: Bool)] = [
    (["ip saddr 192.0.2.2"], true),
    (["ip saddr 192.0.2.0/24"], true),
    (["ip saddr 192.0.2.3"], false),
    (["ip", "saddr", "!=", "192.0.2.0/24"], false),
    (["ip saddr != 198.51.100.0/24"], true),
    (["ip saddr { 198.51.100.0/24, 192.0.2.2 }"], true),
    (["ip saddr {198.51.100.0/24,192.0.2.128/25}"], false),
    (["ip saddr != { 198.51.100.0/24, 192.0.2.2 }"], false),
    (["ip saddr { 0.0.0.0/1, 128.0.0.0/1 }"], true),
    (["ip daddr 192.0.2.1"], true),
    (["ip daddr != 192.0.2.1"], false),
    (["iifname uplink"], true),
    (["iifname \"up*\""], true),
    (["iifname != \"up*\""], false),
    (["iifname eth0"], false),
    (["meta iifname != eth0"], true),
    (["tcp sport 1024-65535"], true),
    (["tcp sport != 1024-65535"], false),
    (["tcp sport { 1-1023, 65535 }"], false),
    (["udp sport != 53"], false),
    (["meta mark 0x0"], true),
    (["meta mark != 0"], false),
    (["meta mark & 0xff == 0x1"], false),
    (["meta mark and 0xff != 0x1"], true),
    (["ip saddr 192.0.2.0/24", "iifname uplink"], true),
    (["ip saddr 192.0.2.0/24", "iifname != uplink"], false),
  ]

  @Test("a connection is forwarded if it meets the condition, and only then", arguments: cases)
  func effect(words: [String], isMet: Bool) throws {
    let host = try PortmapNode()
    let container = try host.node.addContainer(ip: "10.22.0.5")
    let list = words.map { "\"\($0.replacing("\"", with: "\\\""))\"" }.joined(separator: ",")
    let options = "\"conditionsV4\":[\(list)],"
    let server = try container.namespace.run { try TCPListener("10.22.0.5", 80) }
    try host.add(container, PortMapping(8080, 80), options: options)
    if isMet {
      #expect(try converse(host.node.client, Node.address, 8080, with: server) == ip(Node.clientAddress))
    } else {
      #expect(isUnreachable(host.node.client, Node.address, 8080))
    }
    try host.check(container, PortMapping(8080, 80), options: options)
    #expect(try host.loadsAgain())
  }

  @Test("over IPv6 with sets, by hostIP, and for UDP")
  func sixAndAddress() throws {
    let host = try PortmapNode()
    let container = try host.node.addContainer(ip: "10.22.0.5", ip6: "fd00:22::5")
    let (server, datagrams) = try container.namespace.run {
      (try TCPListener("fd00:22::5", 80), try UDPSocket("fd00:22::5", 80))
    }
    let allowed = #""conditionsV6":["ip6 saddr { 2001:db8:1::/64, ::1 } ip6 daddr 2001:db8:1::1"],"#
    let mappings = [PortMapping(8080, 80, on: Node.address6), PortMapping(8080, 80, "udp")]
    try host.succeed("ADD", try host.call("ADD", container, mappings, options: allowed))
    #expect(try converse(host.node.client, Node.address6, 8080, with: server) == ip(Node.clientAddress6))
    #expect(try converse(host.node.client, Node.address6, 8080, with: datagrams) == ip(Node.clientAddress6))
    let denied = #""conditionsV6":["ip6 saddr != 2001:db8:1::/64"],"#
    try host.succeed("ADD", try host.call("ADD", container, mappings, options: denied))
    #expect(isUnreachable(host.node.client, Node.address6, 8080))
  }

  @Test("sourceRanges allows these prefixes, and no source of a family without prefixes")
  func sourceRanges() throws {
    let host = try PortmapNode()
    let container = try host.node.addContainer(ip: "10.22.0.5", ip6: "fd00:22::5")
    let (server, server6) = try container.namespace.run {
      (try TCPListener("10.22.0.5", 80), try TCPListener("fd00:22::5", 80))
    }
    try host.add(container, PortMapping(8080, 80), options: #""sourceRanges":["192.0.2.0/24","198.51.100.1"],"#)
    #expect(try converse(host.node.client, Node.address, 8080, with: server) == ip(Node.clientAddress))
    #expect(isUnreachable(host.node.client, Node.address6, 8080))
    try host.add(container, PortMapping(8080, 80), options: #""sourceRanges":["2001:db8:1::/64","198.51.100.1"],"#)
    host.settle()
    #expect(isUnreachable(host.node.client, Node.address, 8080))
    #expect(try converse(host.node.client, Node.address6, 8080, with: server6) == ip(Node.clientAddress6))
  }

  @Test("conditions hold for their network only, and one network's ADD does not weaken another's")
  func twoNetworks() throws {
    var host = try PortmapNode()
    let guarded = try host.node.addContainer(ip: "10.22.0.5")
    let open = try host.node.addContainer(ip: "10.22.0.6")
    let server = try open.namespace.run { try TCPListener("10.22.0.6", 80) }
    host.network = "guarded"
    let options = #""conditionsV4":["ip saddr 198.51.100.0/24"],"#
    try host.add(guarded, PortMapping(8080, 80), options: options)
    host.network = "open"
    try host.add(open, PortMapping(8081, 80))
    #expect(isUnreachable(host.node.client, Node.address, 8080))
    #expect(try converse(host.node.client, Node.address, 8081, with: server) == ip(Node.clientAddress))
    // The network without conditions takes the port over, and so no conditions hold.
    try host.add(open, PortMapping(8080, 80))
    #expect(try converse(host.node.client, Node.address, 8080, with: server) == ip(Node.clientAddress))
    // When the first network has the port again, its conditions hold again.
    host.network = "guarded"
    try host.add(guarded, PortMapping(8080, 80), options: options)
    #expect(isUnreachable(host.node.client, Node.address, 8080))
    try host.check(guarded, PortMapping(8080, 80), options: options)
  }

  @Test("a container whose network's conditions have changed gets the new ones by an ADD")
  func change() throws {
    let host = try PortmapNode()
    let container = try host.node.addContainer(ip: "10.22.0.5")
    let server = try container.namespace.run { try TCPListener("10.22.0.5", 80) }
    try host.add(container, PortMapping(8080, 80), options: #""conditionsV4":["ip saddr 198.51.100.0/24"],"#)
    #expect(isUnreachable(host.node.client, Node.address, 8080))
    let options = #""conditionsV4":["ip saddr 192.0.2.0/24"],"#
    let stale = try #require(errorObject(try host.call("CHECK", container, [PortMapping(8080, 80)], options: options)))
    #expect(stale.code == 102 && stale.message.contains("8080/tcp is different"))
    try host.add(container, PortMapping(8080, 80), options: options)
    #expect(try converse(host.node.client, Node.address, 8080, with: server) == ip(Node.clientAddress))
    try host.add(container, PortMapping(8080, 80))
    #expect(try converse(host.node.client, Node.address, 8080, with: server) == ip(Node.clientAddress))
  }
}
