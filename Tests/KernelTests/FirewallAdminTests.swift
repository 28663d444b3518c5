// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import Rules
import TestSupport
import Testing

@Suite(
  "firewall: the administrator's rules", .enabled(if: kernelIsThere, "needs privileges to make network namespaces"))
struct FirewallAdminTests {
  // MARK: - In our own table

  @Test("nftables: a drop in the chain admin wins over the accept of a container, and an accept there over a denial")
  func precedence() async throws {
    let host = try FirewallNode(networks: [.first]).byNFTables
    let (container, denied) = (try host.makeContainer(5), try host.makeContainer(6))
    let (inside, second, outside) = (try Party(container), try Party(denied), try Party(beside: host.node))
    try host.succeed("ADD", container)
    try host.forNetwork("other").succeed("ADD", denied, options: #""denyDestinations":["0.0.0.0/0","::/0"],"#)
    inside.expectReaches(outside)
    try await second.expectDoesNotReach(outside)
    try nft(host, "add rule inet swift_cni admin ip saddr 10.22.0.5 drop")
    try nft(host, "add rule inet swift_cni admin ip6 saddr fd00:22::5 drop")
    try nft(host, "add rule inet swift_cni admin tcp dport 80 accept")
    try await inside.expectDoesNotReach(outside)
    second.expectReaches(outside)
  }

  @Test("nftables: a rule in the chain admin survives ADD, CHECK, DEL, GC and every rebuilding of the table")
  func survival() async throws {
    let host = try FirewallNode(networks: [.first]).byNFTables
    let (container, other) = (try host.makeContainer(5), try host.makeContainer(6))
    let (inside, outside) = (try Party(container), try Party(beside: host.node))
    try host.succeed("ADD", other)
    try nft(host, "add rule inet swift_cni admin tcp dport 80 drop")
    let rule = try adminRules(host)
    #expect(rule.count == 1)
    func expectRule(_ step: Comment) async throws {
      // The handle shows that it is the same rule, and not an equal one.
      #expect(try adminRules(host) == rule, step)
      try await inside.expectDoesNotReach(outside, step)
    }
    try host.succeed("ADD", container)
    try await expectRule("ADD")
    try host.succeed("CHECK", container)
    try await expectRule("CHECK")
    try host.collectGarbage(sparing: container)
    #expect(try host.elements("containers4").count == 1)
    try await expectRule("GC")
    for chain in ["forward", "isolation", "invalid"] {
      try nft(host, "flush chain inet swift_cni \(chain)")
      try host.succeed("ADD", container)
      try host.succeed("CHECK", container)
      try await expectRule("\(chain) was flushed")
    }
    try nft(host, "delete chain inet swift_cni forward")
    try host.succeed("ADD", container)
    try await expectRule("forward was deleted")
    try host.delete(container)
    try await expectRule("the last DEL")
    try nft(host, "flush chain inet swift_cni admin")
    inside.expectReaches(outside)
  }

  @Test("nftables: rules that the administrator made before the first ADD hold from then on")
  func beforehand() async throws {
    let host = try FirewallNode(networks: [.first]).byNFTables
    let container = try host.makeContainer(5)
    let (inside, outside) = (try Party(container), try Party(beside: host.node))
    try nft(host, "add table inet swift_cni")
    try nft(host, "add chain inet swift_cni admin")
    try nft(host, "add rule inet swift_cni admin tcp dport 80 drop")
    let rule = try adminRules(host)
    inside.expectReaches(outside)
    try host.succeed("ADD", container)
    #expect(try adminRules(host) == rule)
    try await inside.expectDoesNotReach(outside)
  }

  private func nft(_ host: FirewallNode, _ line: String) throws {
    try host.node.namespace.command("nft", "-f", "-", input: line + "\n")
  }

  /// The rules of the chain with their handles.
  private func adminRules(_ host: FirewallNode) throws -> [String] {
    try host.node.namespace.command("nft", "-a", "list", "chain", "inet", "swift_cni", "admin")
      .split(separator: "\n").map(String.init).filter { $0.contains("# handle") && !$0.contains("chain admin") }
      .filter { !$0.contains("table inet") }
  }

  // MARK: - In the tables of iptables

  @Test(
    "iptables: a drop in the administrator's chain wins, and stays there through ADD, CHECK, GC and the last DEL",
    arguments: IPTablesSettings.Variant.allCases, ["CNI-ADMIN", "SITE-RULES"])
  func chain(variant: IPTablesSettings.Variant, name: String) async throws {
    let host = try FirewallNode(networks: [.first]).byIPTables(variant)
    let options = name == "CNI-ADMIN" ? "" : #""iptablesAdminChainName":"\#(name)","#
    let (container, other) = (try host.makeContainer(5), try host.makeContainer(6))
    let (inside, outside) = (try Party(container), try Party(beside: host.node))
    try host.dropForwarded(variant)
    try host.succeed("ADD", container, options: options)
    inside.expectReaches(outside)
    try await outside.expectDoesNotReach(inside)
    try host.change(
      variant, "-A \(name) -p tcp --dport 80 -i cni0 -j DROP", "-A \(name) -p tcp --dport 80 -o cni0 -j ACCEPT")
    let rules = try admins(host, variant, name)
    #expect(rules.count == 4)
    func expectRules(_ step: Comment) async throws {
      #expect(try admins(host, variant, name) == rules, step)
      try await inside.expectDoesNotReach(outside, step)
      // Replies to connections that the administrator accepts pass by the container's accept.
      #expect(try await outside.reached(inside).isEmpty == (step == "the last DEL"), step)
    }
    try await expectRules("the rules alone")
    try host.succeed("ADD", other, options: options)
    try host.succeed("ADD", container, options: options)
    try host.succeed("CHECK", container, options: options)
    try await expectRules("ADD and CHECK")
    try host.collectGarbage(sparing: container)
    #expect(try host.rules(of: other, variant) == [])
    try await expectRules("GC")
    try host.delete(container, options: options)
    try await expectRules("the last DEL")
  }

  @Test(
    "iptables: the jump to the administrator's chain is the first in CNI-FORWARD after ADD, whatever came before it",
    arguments: IPTablesSettings.Variant.allCases, ["CNI-ADMIN", "SITE-RULES"])
  func firstRule(variant: IPTablesSettings.Variant, name: String) throws {
    let host = try FirewallNode(networks: [.first]).byIPTables(variant)
    let options = name == "CNI-ADMIN" ? "" : #""iptablesAdminChainName":"\#(name)","#
    let (container, other) = (try host.makeContainer(5), try host.makeContainer(6))
    func expectFirst() throws {
      for family in AddressFamily.allCases {
        let saved = try host.saved(variant, family)
        let rules = saved.filter { $0.hasPrefix("-A CNI-FORWARD ") }
        let comment = #"-m comment --comment "CNI firewall plugin admin overrides""#
        #expect(rules.first == "-A CNI-FORWARD \(comment) -j \(name)")
        #expect(rules.filter { $0.hasSuffix(" -j \(name)") }.count == 1)
        let forward = saved.filter { $0.hasPrefix("-A FORWARD ") }
        #expect(forward.first == #"-A FORWARD -m comment --comment "CNI firewall plugin rules" -j CNI-FORWARD"#)
        #expect(forward.filter { $0.hasSuffix(" -j CNI-FORWARD") }.count == 1)
      }
    }
    try host.change(variant, "-A FORWARD -p tcp --dport 9 -j ACCEPT")
    try host.succeed("ADD", container, options: options)
    try expectFirst()
    try host.change(variant, "-I CNI-FORWARD -p tcp --dport 9 -j ACCEPT")
    try host.succeed("ADD", other, options: options)
    try expectFirst()
  }

  @Test(
    "without a configured backend the administrator's chain of iptables comes before the gate")
  func namedChain() async throws {
    let host = try FirewallNode(networks: [.first])
    let container = try host.makeContainer(5)
    let (inside, outside) = (try Party(container), try Party(beside: host.node))
    try host.succeed("ADD", container, options: #""iptablesAdminChainName":"SITE-RULES","#)
    inside.expectReaches(outside)
    let rules = try host.savedOfBoth(.nft).filter { $0.hasPrefix("-A CNI-FORWARD ") }
    #expect(rules.map { $0.hasSuffix("-j SITE-RULES") } == [true, false, true, false])
    try host.change(.nft, "-A SITE-RULES -p tcp --dport 80 -j DROP")
    try await inside.expectDoesNotReach(outside)
  }

  /// The rules of a chain in both families.
  private func admins(_ host: FirewallNode, _ variant: IPTablesSettings.Variant, _ chain: String) throws -> [String] {
    try host.savedOfBoth(variant).filter { $0.hasPrefix("-A \(chain) ") }
  }
}
