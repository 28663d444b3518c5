// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import TestSupport
import Testing

/// A kernel that appears to the plugin to have no nf_tables: sockets of nfnetlink are refused.
@Suite(
  "portmap on a kernel without nf_tables",
  .enabled(if: kernelIsThere, "needs privileges to make network namespaces"))
struct PortmapWithoutNFTablesTests {
  private let host: PortmapNode

  init() throws {
    var host = try PortmapNode(programs: IPTablesPrograms(.legacy))
    host.lacksNFTables = true
    self.host = host
  }

  /// The chains and rules of containers in the legacy tables, and everything in nf_tables.
  private func rules() throws -> [String] { try host.savedOfContainers() + [host.ruleset()].filter { !$0.isEmpty } }

  @Test("a port is published by iptables-legacy where no backend is given, passes STATUS and CHECK, and goes with DEL")
  func published() throws {
    let container = try host.node.addContainer(ip: "10.22.0.5", ip6: "fd00:22::5")
    let (server, server6) = try container.namespace.run {
      (try TCPListener("10.22.0.5", 80), try TCPListener("fd00:22::5", 80))
    }
    try host.succeed("STATUS", try host.call("STATUS", container, prevResult: false, version: "1.1.0"))
    let added = try host.call("ADD", container, [PortMapping(8080, 80)])
    try host.succeed("ADD", added)
    #expect(added.errorText == "")
    let client = host.node.client
    #expect(try converse(client, Node.address, 8080, with: server) == ip(Node.clientAddress))
    #expect(try converse(client, Node.address6, 8080, with: server6) == ip(Node.clientAddress6))
    _ = try converse(host.node.namespace, "127.0.0.1", 8080, with: server)
    try host.check(container, PortMapping(8080, 80))
    try host.node.namespace.command("iptables-legacy", "--wait", "-t", "nat", "-F", "CNI-HOSTPORT-DNAT")
    #expect(errorObject(try host.call("CHECK", container, [PortMapping(8080, 80)]))?.code == 102)
    try host.add(container, PortMapping(8080, 80))
    try host.check(container, PortMapping(8080, 80))
    try host.delete(container, PortMapping(8080, 80))
    #expect(isUnreachable(client, Node.address, 8080))
    #expect(try rules() == [])
    #expect(try host.node.namespace.sysctl("net/ipv4/conf/cni0/route_localnet") == "0")
  }

  @Test("an ADD without ports and a GC remove rules in the tables of iptables-legacy")
  func collected() throws {
    let containers = try (5..<8).map { try host.node.addContainer(ip: "10.22.0.\($0)") }
    for (index, container) in containers.enumerated() { try host.add(container, PortMapping(8080 + index, 80)) }
    try host.add(containers[0])
    #expect(try !rules().contains { $0.mentions(port: 8080) })
    let valid = #""cni.dev/valid-attachments":[{"containerID":"\#(containers[1].id)","ifname":"eth0"}],"#
    try host.succeed("GC", try host.call("GC", containers[0], options: valid, prevResult: false, version: "1.1.0"))
    #expect(try rules().contains { $0.mentions(port: 8081) } && !rules().contains { $0.mentions(port: 8082) })
    try host.delete(containers[1])
    #expect(try rules() == [])
  }

  @Test("an option that needs nftables is an error that names it, and so is a host port in use")
  func refused() throws {
    let containers = try (5..<7).map { try host.node.addContainer(ip: "10.22.0.\($0)") }
    let mappings = [PortMapping(8080, 80)]
    for (options, reason) in [
      (#""backend":"nftables","#, #"backend: "nftables""#),
      (#""conditionsV4":["iifname uplink"],"#, #"conditionsV4: "iifname uplink""#),
    ] {
      for (verb, version) in [("ADD", "1.0.0"), ("CHECK", "1.0.0"), ("STATUS", "1.1.0")] {
        let error = errorObject(try host.call(verb, containers[0], mappings, options: options, version: version))
        #expect(error?.code == 50)
        #expect(error?.message == "\(reason) needs the backend nftables, and the kernel has no nf_tables")
      }
    }
    #expect(try rules() == [])
    try host.add(containers[0], mappings[0], options: #""sourceRanges":["10.0.0.0/8"],"#)
    let options = #""hostPortConflict":"error","#
    #expect(errorObject(try host.call("ADD", containers[1], mappings, options: options))?.code == 100)
  }
}
