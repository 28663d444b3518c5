// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Rules
import TestSupport
import Testing

@Suite("firewall: traffic", .enabled(if: kernelIsThere, "needs privileges to make network namespaces"))
struct FirewallTrafficTests {
  /// How a host drops what it forwards.
  enum Dropping: CaseIterable {
    case policy, lastRule, chain

    func apply(_ host: FirewallNode, _ variant: IPTablesSettings.Variant) throws {
      switch self {
      case .policy: try host.change(variant, ":FORWARD DROP")
      case .lastRule: try host.change(variant, "-A FORWARD -j DROP")
      case .chain: try host.change(variant, ":GUARD -", "-A GUARD -j REJECT", "-A FORWARD -j GUARD")
      }
    }
  }

  @Test(
    "where forwarded packets are dropped a container reaches others from ADD until DEL, and is not reached",
    arguments: IPTablesSettings.Variant.allCases, Dropping.allCases)
  func dropped(variant: IPTablesSettings.Variant, dropping: Dropping) async throws {
    let host = try FirewallNode(networks: [.first])
    try dropping.apply(host, variant)
    try await expectPassage(host.byIPTables(variant), [variant])
  }

  @Test(
    "without a configured backend containers pass by the gate in each variant of iptables that has rules",
    arguments: IPTablesSettings.Variant.allCases, Dropping.allCases)
  func found(variant: IPTablesSettings.Variant, dropping: Dropping) async throws {
    let host = try FirewallNode(networks: [.first])
    try dropping.apply(host, variant)
    // The other variant has rules too, which drop no forwarded packets.
    let other = variant == .nft ? IPTablesSettings.Variant.legacy : .nft
    try host.change(other, "-A INPUT -p tcp --dport 9 -j DROP", "-A FORWARD -p tcp --dport 9 -j ACCEPT")
    try await expectPassage(host, [variant, other], rulesEach: 0) { () throws in
      for variant in [variant, other] {
        let constant = try host.savedOfBoth(variant).filter { $0.contains("accepted by table inet swift_cni") }
        #expect(constant.count == 2)
      }
    }
  }

  @Test(
    "without a configured variant the accepts are in both variants if both drop packets",
    arguments: ["", #""backend":"iptables","#])
  func droppedTwice(backend: String) async throws {
    var host = try FirewallNode(networks: [.first])
    host.members = backend
    try Dropping.policy.apply(host, .nft)
    try Dropping.lastRule.apply(host, .legacy)
    try await expectPassage(host, [.nft, .legacy], rulesEach: backend.isEmpty ? 0 : 4)
  }

  @Test(
    "with the backend iptables and no variant the accepts are in the variant that drops packets",
    arguments: IPTablesSettings.Variant.allCases)
  func variant(variant: IPTablesSettings.Variant) async throws {
    var host = try FirewallNode(networks: [.first])
    host.members = #""backend":"iptables","#
    try Dropping.policy.apply(host, variant)
    try await expectPassage(host, [variant])
  }

  /// Expects that a container's packets pass between ADD and DEL, by rules of these variants.
  private func expectPassage(
    _ host: FirewallNode, _ variants: [IPTablesSettings.Variant], rulesEach: Int = 4,
    between: () throws -> Void = {}
  ) async throws {
    let container = try host.makeContainer(5)
    let (inside, outside) = (try Party(container), try Party(beside: host.node))
    try await inside.expectIsApart(from: outside)

    try host.succeed("ADD", container)
    inside.expectReaches(outside)
    // Only packets of the container's own connections come in.
    try await outside.expectDoesNotReach(inside)
    // Two accepts in each family, or only the constant rules.
    for variant in variants { #expect(try host.rules(of: container, variant).count == rulesEach) }
    try host.succeed("CHECK", container)
    try between()

    try host.delete(container)
    try await inside.expectIsApart(from: outside)
    for variant in variants { #expect(try host.rules(of: container, variant) == []) }
  }

  @Test("an open connection of the container gets no packets any more after DEL")
  func openConnection() throws {
    let host = try FirewallNode(networks: [.first]).byIPTables(.nft)
    try host.dropForwarded(.nft)
    let container = try host.makeContainer(5)
    try host.succeed("ADD", container)
    let server = try host.node.client.run { try TCPListener(Node.clientAddress, 80, timeout: 300) }
    let connection = try container.namespace.run { try TCPConnection.connect(Node.clientAddress, 80, timeout: 300) }
    let accepted = try server.accept()
    try accepted.send("before")
    #expect(try connection.receive() == "before")
    try host.delete(container)
    try accepted.send("after")
    #expect(throws: SocketError.self) { try connection.receive() }
  }

  @Test(
    "where nothing drops packets our own table has the addresses, and connections work before ADD, until DEL and after it",
    arguments: [true, false])
  func ownTable(isNamed: Bool) throws {
    let plain = try FirewallNode(networks: [.first])
    let host = isNamed ? plain.byNFTables : plain
    let container = try host.makeContainer(5)
    let (inside, outside) = (try Party(container), try Party(beside: host.node))
    inside.expectIsTogether(with: outside)
    try host.succeed("ADD", container)
    inside.expectIsTogether(with: outside)
    let owner = #"comment "test/\#(container.id)/eth0""#
    #expect(try host.elements("containers4") == ["10.22.0.5 \(owner)"])
    #expect(try host.elements("containers6") == ["fd00:22::5 \(owner)"])
    // The host has the program iptables, so its tables get the gate, because they may drop packets later.
    #expect(try host.tables().sorted() == ["table inet swift_cni", "table ip filter", "table ip6 filter"])
    try host.succeed("CHECK", container)
    try host.delete(container)
    inside.expectIsTogether(with: outside)
    #expect(try host.elements("containers4") == [])
    #expect(try host.elements("containers6") == [])
  }
}
