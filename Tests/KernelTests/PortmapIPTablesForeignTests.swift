// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import Glibc
import TestSupport
import Testing

@Suite(
  "portmap by iptables: beside others' rules",
  .enabled(if: kernelIsThere, "needs privileges to make network namespaces"))
struct PortmapIPTablesForeignTests {
  /// Rules that iptables itself cannot read, added by nft to tables of iptables.
  private static func native(_ family: String, _ address: String, _ type: String) -> String {
    """
    table \(family) nat {
      set hosts { type \(type); elements = { \(address) } }
      map ports { type inet_service : inet_service; elements = { 7000 : 70 } }
      counter hits { packets 0 bytes 0; }
      chain mine {
        \(family) saddr @hosts accept
        tcp dport { 1, 2, 3-9 } counter name "hits" return
        meta skuid 0 ct state new meta mark set 0x7
      }
      chain translating {
        fib daddr type local tcp dport 7000 dnat to tcp dport map { 7000 : \(address) }
      }
      chain POSTROUTING {
        type nat hook postrouting priority 100; policy accept;
        \(family) saddr @hosts masquerade fully-random
        oifname "nowhere" jump mine comment "ours is not this"
      }
      chain PREROUTING {
        type nat hook prerouting priority -100; policy accept;
        tcp dport vmap { 7000 : jump translating }
        \(family) daddr \(address) tcp dport 7000 dnat to \(address)
      }
      chain CNI-HOSTPORT-DNAT {
        tcp dport vmap { 7001 : jump mine }
        th dport @ports return
      }
      chain CNI-HOSTPORT-MASQ { ct mark 0x7 masquerade; }
      chain CNI-HOSTPORT-SETMARK { limit rate 5/second log prefix "mark "; }
      chain own { type nat hook output priority 7; policy accept; ct status dnat accept; }
    }

    """
  }

  @Test("native rules in the same tables and chains are left alone and cause no failure")
  func native() throws {
    let host = try PortmapNode().byIPTables
    let container = try host.node.addContainer(ip: "10.22.0.5", ip6: "fd00:22::5")
    let text = Self.native("ip", "198.51.100.9", "ipv4_addr") + Self.native("ip6", "2001:db8::9", "ipv6_addr")
    try host.node.namespace.command("nft", "-f", "-", input: text)
    let before = try host.ruleset()
    let (server, server6) = try container.namespace.run {
      (try TCPListener("10.22.0.5", 80), try TCPListener("fd00:22::5", 80))
    }
    try host.add(container, PortMapping(8080, 80), PortMapping(5353, 53, "udp"))
    try host.check(container, PortMapping(8080, 80), PortMapping(5353, 53, "udp"))
    #expect(try converse(host.node.client, Node.address, 8080, with: server) == ip(Node.clientAddress))
    #expect(try converse(host.node.client, Node.address6, 8080, with: server6) == ip(Node.clientAddress6))
    #expect(try converse(host.node.namespace, "127.0.0.1", 8080, with: server) == ip("10.22.0.1"))
    #expect(try Self.isMissing(before, in: host.ruleset()) == [])
    let generation = try host.generation()
    try host.add(container, PortMapping(8080, 80), PortMapping(5353, 53, "udp"))
    #expect(try host.generation() == generation)
    try host.delete(container, PortMapping(8080, 80))
    #expect(try !host.ruleset().contains("CNI-DN-"))
    #expect(try Self.isMissing(before, in: host.ruleset()) == [])
    try host.succeed(
      "GC", try host.call("GC", container, options: #""cni.dev/valid-attachments":[],"#, version: "1.1.0"))
    #expect(try Self.isMissing(before, in: host.ruleset()) == [])
  }

  /// The rules of one listing, with handles, that another one lacks.
  private static func isMissing(_ before: String, in after: String) -> [String] {
    let lines = Set(after.split(separator: "\n"))
    return before.split(separator: "\n").filter { $0.contains("# handle") && !lines.contains($0) }.map(String.init)
  }

  /// Rules like Docker's, and some of every other kind.
  private static let docker = [
    ":DOCKER -", ":DOCKER-USER -", ":empty -",
    "-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER",
    "-A OUTPUT ! -d 127.0.0.0/8 -m addrtype --dst-type LOCAL -j DOCKER",
    "-A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE",
    "-A POSTROUTING -s 172.17.0.2/32 -d 172.17.0.2/32 -p tcp -m tcp --dport 80 -j MASQUERADE",
    "-A DOCKER -i docker0 -j RETURN",
    "-A DOCKER ! -i docker0 -p tcp -m tcp --dport 8081 -j DNAT --to-destination 172.17.0.2:80",
    "-A DOCKER -p udp -m udp --dport 1:5 -m statistic --mode random --probability 0.5 -j REDIRECT --to-ports 7",
    "-A DOCKER-USER -m limit --limit 3/min -j LOG --log-prefix \"say \\\"x\\\"\"",
    "-A DOCKER-USER -g empty",
  ]

  @Test("rules of other programs survive unchanged and in order")
  func others() throws {
    let host = try PortmapNode().byIPTables
    let container = try host.node.addContainer(ip: "10.22.0.5", ip6: "fd00:22::5")
    let bystander = try host.node.addContainer(ip: "10.22.0.6", ip6: "fd00:22::6")
    try host.byUpstream.add(bystander, PortMapping(7070, 70))
    try host.change(.ip, Self.docker)
    let before = try AddressFamily.allCases.map { try host.saved($0) }
    try host.add(container, PortMapping(8080, 80), PortMapping(8082, 82, "udp"))
    let after = try AddressFamily.allCases.map { try host.saved($0) }
    for (index, lines) in after.enumerated() {
      let foreign = lines.filter {
        !$0.contains(container.id) && !$0.contains("10.22.0.5:") && !$0.mentions(port: 8080)
      }
      #expect(Set(before[index]).isSubset(of: foreign))
      #expect(before[index].filter { $0.contains("POSTROUTING") } == lines.filter { $0.contains("POSTROUTING") })
    }
    try host.check(container, PortMapping(8080, 80), PortMapping(8082, 82, "udp"))
    try host.delete(container)
    #expect(try AddressFamily.allCases.map { try host.saved($0) } == before)
  }

  @Test("our rule of POSTROUTING is added before those of others")
  func masqueradingFirst() throws {
    let host = try PortmapNode().byIPTables
    let container = try host.node.addContainer(ip: "10.22.0.5")
    try host.change(.ip, Self.docker)
    let before = try host.saved()
    try host.add(container, PortMapping(8080, 80))
    let rules = try host.saved().filter { $0.hasPrefix("-A POSTROUTING ") }
    #expect(rules.first?.hasSuffix("-j CNI-HOSTPORT-MASQ") == true)
    #expect(Array(rules.dropFirst()) == before.filter { $0.hasPrefix("-A POSTROUTING ") })
  }
}
