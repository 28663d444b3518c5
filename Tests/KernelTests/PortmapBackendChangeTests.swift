// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import TestSupport
import Testing

@Suite(
  "portmap: a change of backends under running containers",
  .enabled(if: kernelIsThere, "needs privileges to make network namespaces"))
struct PortmapBackendChangeTests {
  /// The backend that a configuration names.
  enum Backend: CaseIterable {
    case nftables, iptablesNFT, iptablesLegacy

    func of(_ host: PortmapNode) -> PortmapNode {
      switch self {
      case .nftables: host.byNFTables
      case .iptablesNFT: host.byIPTables(.nft)
      case .iptablesLegacy: host.byIPTables(.legacy)
      }
    }
  }

  @Test(
    "DEL with one backend removes what ADD with another added, and other containers keep their rules and ports",
    arguments: Backend.allCases, Backend.allCases)
  func change(old: Backend, new: Backend) throws {
    let host = try PortmapNode(programs: IPTablesPrograms(.nft))
    let containers = try (5..<9).map { try host.node.addContainer(ip: "10.22.0.\($0)", ip6: "fd00:22::\($0)") }
    let servers = try containers.map(DualServer.init)
    func expectAnswers(_ ports: Range<Int>) throws {
      for port in ports { try servers[port - 8080].expectAnswers(at: UInt16(port), of: host.node) }
    }
    // All three backends may have rules at once: those of containers that were added with them.
    for (index, backend) in Backend.allCases.enumerated() {
      try backend.of(host).add(
        containers[1 + index], PortMapping(8081 + index, 80), PortMapping(8081 + index, 80, "udp"))
    }
    func state() throws -> [String] { try host.elements().sorted() + host.savedOfAll() }
    let before = try state()
    let mappings = [PortMapping(8080, 80), PortMapping(5353, 53, "udp"), PortMapping(9900, 99, "sctp")]
    try old.of(host).succeed("ADD", containers[0], mappings)
    try old.of(host).succeed("CHECK", containers[0], mappings)
    try expectAnswers(8080..<8084)
    // A repeated DEL has nothing to do.
    for _ in 0..<2 {
      try new.of(host).succeed("DEL", containers[0], mappings)
      host.settle()
      #expect(try changes(from: before, to: state()) == [])
    }
    #expect(isUnreachable(host.node.client, Node.address, 8080))
    #expect(isUnreachable(host.node.client, Node.address6, 8080))
    try expectAnswers(8081..<8084)
    for (index, backend) in Backend.allCases.enumerated() {
      try backend.of(host).check(
        containers[1 + index], PortMapping(8081 + index, 80), PortMapping(8081 + index, 80, "udp"))
    }
  }
}
