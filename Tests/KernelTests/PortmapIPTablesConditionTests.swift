// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import TestSupport
import Testing

@Suite("portmap by iptables: conditions", .enabled(if: kernelIsThere, "needs privileges to make network namespaces"))
struct PortmapIPTablesConditionTests {
  /// A condition, and whether a connection from the client (192.0.2.2, by interface uplink, to 192.0.2.1) meets it.
  static let cases: [(words: String, isMet: Bool)] = [
    ("-s 192.0.2.2", true), ("-s 192.0.2.0/24", true), ("-s 192.0.2.2/25", true), ("-s 192.0.2.3", false),
    ("-s 0.0.0.0/0", true), ("-s 128.0.0.0/1", true), ("! -s 192.0.2.0/24", false), ("! -s 198.51.100.0/24", true),
    ("! -s 192.0.2.0/25", false), ("--source 192.0.2.2", true), ("--src 192.0.2.3", false),
    ("-d 192.0.2.1", true), ("! -d 192.0.2.1", false), ("--destination 192.0.2.0/28", true),
    ("-i uplink", true), ("-i up+", true), ("-i eth0", false), ("-i upl", false), ("! -i uplink", false),
    ("! -i up+", false), ("! -i eth0", true), ("--in-interface uplink", true),
    ("-p tcp --sport 1024:65535", true), ("-p tcp --sport 1:1023", false), ("-p tcp ! --sport 1024:65535", false),
    ("-p tcp -m tcp ! --sport 53", true), ("-p tcp -m multiport --sports 1:1023,1024:65535", true),
    ("-p udp", false), ("! -p udp", true),
    ("-m mark --mark 0", true), ("-m mark --mark 0x0", true), ("-m mark ! --mark 0", false),
    ("-m mark --mark 0x1/0xff", false), ("-m mark ! --mark 1/0xff", true),
    ("-m addrtype --src-type UNICAST", true), ("-m addrtype ! --src-type LOCAL", true),
    ("-m addrtype --src-type LOCAL", false), ("-m addrtype --dst-type LOCAL", true),
    ("-m conntrack --ctstate NEW", true), ("-m conntrack --ctstate ESTABLISHED,RELATED", false),
    ("-m conntrack ! --ctstate NEW", false), ("-m comment --comment why", true),
    ("-s 192.0.2.0/24 -i uplink", true), ("-s 192.0.2.0/24 ! -i uplink", false), ("-i eth0 -s 192.0.2.2", false),
  ]

  private static func options(_ words: String, _ key: String = "conditionsV4") -> String {
    #""\#(key)":[\#(words.split(separator: " ").map { "\"\($0)\"" }.joined(separator: ","))],"#
  }

  @Test("a connection is forwarded if it meets the condition, and only then", arguments: cases)
  func effect(words: String, isMet: Bool) throws {
    // The syntax selects the backend iptables.
    let host = try PortmapNode()
    let container = try host.node.addContainer(ip: "10.22.0.5")
    let options = Self.options(words)
    let server = try container.namespace.run { try TCPListener("10.22.0.5", 80) }
    try host.byIPTables.add(container, PortMapping(8080, 80), options: options)
    if isMet {
      #expect(try converse(host.node.client, Node.address, 8080, with: server) == ip(Node.clientAddress))
    } else {
      #expect(isUnreachable(host.node.client, Node.address, 8080))
    }
    try host.byIPTables.check(container, PortMapping(8080, 80), options: options)
    let before = try host.ruleset()
    try host.byIPTables.add(container, PortMapping(8080, 80), options: options)
    #expect(try host.ruleset() == before)
    // The program iptables finds each of our rules and can delete it.
    let rules = try host.saved().filter { $0.hasPrefix("-A ") }
    try host.change(.ip, rules.map { "-D" + $0.dropFirst(2) })
    #expect(try host.saved().filter { $0.hasPrefix("-A ") } == [])
  }

  @Test(
    "upstream's conditions become the same rules by the program iptables and by us",
    arguments: cases.map(\.words).filter { !$0.contains("-p ") } + ["-m tcp --sport 1024:65535", "-m tcp ! --sport 53"])
  func likeUpstreams(words: String) throws {
    let host = try PortmapNode()
    let container = try host.node.addContainer(ip: "10.22.0.5")
    try host.byUpstream.add(container, PortMapping(8080, 80), options: Self.options(words))
    let peers = try host.savedInOrder()
    try host.node.namespace.command("nft", "flush", "ruleset")
    try host.byIPTables.add(container, PortMapping(8080, 80), options: Self.options(words))
    #expect(try host.savedInOrder() == peers)
  }

  static let cases6: [(words: String, isMet: Bool)] = [
    ("-s 2001:db8:1::2", true), ("-s 2001:db8:1::/64", true), ("-s 2001:db8:1::/63", true), ("-s ::/0", true),
    ("-s 2001:db8:1::3", false), ("! -s 2001:db8:1::/48", false), ("! -s 2001:db8:2::/64", true),
    ("-d 2001:db8:1::1", true), ("! -d 2001:db8:1::1", false), ("-i up+", true), ("! -i uplink", false),
    ("-p tcp --sport 1:1023", false), ("-m mark --mark 0", true), ("-m addrtype --dst-type LOCAL", true),
  ]

  @Test("over IPv6 too", arguments: cases6)
  func effect6(words: String, isMet: Bool) throws {
    let host = try PortmapNode().byIPTables
    let container = try host.node.addContainer(ip: "10.22.0.5", ip6: "fd00:22::5")
    let options = Self.options(words, "conditionsV6")
    let (server, server6) = try container.namespace.run {
      (try TCPListener("10.22.0.5", 80), try TCPListener("fd00:22::5", 80))
    }
    try host.add(container, PortMapping(8080, 80), options: options)
    if isMet {
      #expect(try converse(host.node.client, Node.address6, 8080, with: server6) == ip(Node.clientAddress6))
    } else {
      #expect(isUnreachable(host.node.client, Node.address6, 8080))
    }
    // IPv4 has no conditions.
    #expect(try converse(host.node.client, Node.address, 8080, with: server) == ip(Node.clientAddress))
    try host.check(container, PortMapping(8080, 80), options: options)
  }

  @Test("conditions in iptables' syntax select that backend by themselves")
  func impliedBackend() throws {
    let host = try PortmapNode()
    let container = try host.node.addContainer(ip: "10.22.0.5")
    try host.add(container, PortMapping(8080, 80), options: Self.options("! -s 198.51.100.1"))
    #expect(try host.saved().contains { $0.hasPrefix("-A CNI-HOSTPORT-DNAT ! -s 198.51.100.1/32 -p tcp ") })
    #expect(try !host.ruleset().contains("swift_cni"))
  }

  @Test("sourceRanges allows these prefixes, and no source of a family without prefixes")
  func sourceRanges() throws {
    let host = try PortmapNode().byIPTables
    let container = try host.node.addContainer(ip: "10.22.0.5", ip6: "fd00:22::5")
    let (server, server6) = try container.namespace.run {
      (try TCPListener("10.22.0.5", 80), try TCPListener("fd00:22::5", 80))
    }
    let first = #""sourceRanges":["192.0.2.0/24","198.51.100.1"],"#
    try host.add(container, PortMapping(8080, 80), options: first)
    #expect(try converse(host.node.client, Node.address, 8080, with: server) == ip(Node.clientAddress))
    #expect(isUnreachable(host.node.client, Node.address6, 8080))
    try host.check(container, PortMapping(8080, 80), options: first)
    try host.add(container, PortMapping(8080, 80), options: #""sourceRanges":["2001:db8:1::/64","198.51.100.1"],"#)
    #expect(isUnreachable(host.node.client, Node.address, 8080))
    #expect(try converse(host.node.client, Node.address6, 8080, with: server6) == ip(Node.clientAddress6))
    let all = #""sourceRanges":["0.0.0.0/0","::/0"],"#
    try host.add(container, PortMapping(8080, 80), options: all)
    #expect(try converse(host.node.client, Node.address, 8080, with: server) == ip(Node.clientAddress))
    #expect(try converse(host.node.client, Node.address6, 8080, with: server6) == ip(Node.clientAddress6))
    try host.check(container, PortMapping(8080, 80), options: all)
  }

  /// sourceRanges with a condition about the source: both must hold.
  static let both: [(ranges: String, words: String, isMet: Bool)] = [
    ("192.0.2.0/24", "-s 192.0.2.2", true), ("192.0.2.0/24", "-s 198.51.100.0/24", false),
    ("198.51.100.0/24", "-s 192.0.2.2", false), ("192.0.2.0/24", "! -s 192.0.2.2", false),
    ("192.0.2.0/24", "! -s 192.0.2.3", true), ("192.0.2.0/24", "-i eth0", false), ("0.0.0.0/0", "-s 192.0.2.3", false),
  ]

  @Test("sourceRanges and conditions must both hold", arguments: both)
  func rangesAndConditions(ranges: String, words: String, isMet: Bool) throws {
    let host = try PortmapNode().byIPTables
    let container = try host.node.addContainer(ip: "10.22.0.5")
    let server = try container.namespace.run { try TCPListener("10.22.0.5", 80) }
    let options = #""sourceRanges":["\#(ranges)"],"# + Self.options(words)
    let outcome = try host.call("ADD", container, [PortMapping(8080, 80)], options: options)
    // The plugin may refuse the pair instead.
    if let error = errorObject(outcome), outcome.status != 0 {
      #expect(error.code == 7)
    } else if isMet {
      #expect(try converse(host.node.client, Node.address, 8080, with: server) == ip(Node.clientAddress))
    } else {
      #expect(isUnreachable(host.node.client, Node.address, 8080))
    }
  }
}
