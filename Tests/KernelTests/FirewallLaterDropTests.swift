// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import Rules
import TestSupport
import Testing

@Suite(
  "firewall: a host that begins to drop forwarded packets after containers were added",
  .enabled(if: kernelIsThere, "needs privileges to make network namespaces"))
struct FirewallLaterDropTests {
  /// A host with the program iptables and an empty FORWARD, and a container that was added without a configured backend.
  private struct Scene {
    let host: FirewallNode
    let variant: IPTablesSettings.Variant
    let container: Container
    let inside: Party
    let outside: Party
    private let programs: IPTablesPrograms

    /// The default bit of the fwmark.
    static let bit = "0x1000"

    init(_ variant: IPTablesSettings.Variant) throws {
      programs = try IPTablesPrograms(variant)
      var host = try FirewallNode(networks: [.first])
      host.environment.merge(programs.environment) { $1 }
      // The plugin finds out the host's variant by the present tables.
      try host.change(variant, "-A INPUT -p tcp --dport 9 -j DROP")
      self.host = host
      self.variant = variant
      container = try host.makeContainer(5)
      inside = try Party(container)
      outside = try Party(beside: host.node)
      try host.succeed("ADD", container)
    }

    func nft(_ lines: String...) throws {
      try host.node.namespace.command("nft", "-f", "-", input: lines.map { $0 + "\n" }.joined())
    }
  }

  @Test(
    "the policy becomes DROP after ADD: containers from before and after it reach others, and are not reached",
    arguments: IPTablesSettings.Variant.allCases)
  func policy(variant: IPTablesSettings.Variant) async throws {
    let scene = try Scene(variant)
    scene.inside.expectIsTogether(with: scene.outside)
    try scene.host.dropForwarded(variant)
    let later = try scene.host.makeContainer(6)
    let second = try Party(later)
    try await second.expectIsApart(from: scene.outside)
    try scene.host.succeed("ADD", later)
    for (container, party) in [(scene.container, scene.inside), (later, second)] {
      party.expectReaches(scene.outside)
      try await scene.outside.expectDoesNotReach(party)
      try scene.host.succeed("CHECK", container)
    }
    try scene.host.delete(scene.container)
    try await scene.inside.expectIsApart(from: scene.outside)
    second.expectReaches(scene.outside)
  }

  @Test(
    "a packet that arrives with our fwmark bit does not pass because of it, and none leaves the host with it",
    arguments: IPTablesSettings.Variant.allCases)
  func foreignMark(variant: IPTablesSettings.Variant) async throws {
    let scene = try Scene(variant)
    try scene.host.dropForwarded(variant)
    try scene.nft(
      "add table inet others", "add chain inet others before { type filter hook prerouting priority raw; }",
      "add chain inet others after { type filter hook postrouting priority srcnat + 50; }",
      "add counter inet others marked", "add counter inet others seen",
      "add rule inet others before meta mark set meta mark | \(Scene.bit)",
      "add rule inet others after meta mark & \(Scene.bit) != 0 counter name marked",
      "add rule inet others after meta mark & \(Scene.bit) == 0 counter name seen")
    let unknown = try Party(try scene.host.makeContainer(6))
    try await scene.outside.expectDoesNotReach(scene.inside)
    try await unknown.expectIsApart(from: scene.outside)
    scene.inside.expectReaches(scene.outside)
    let counters = try scene.host.node.namespace.command("nft", "list", "counters")
    let packets = counters.matches(of: /counter (\w+) {\s+packets (\d+)/).map { "\($0.1) \($0.2)" }
    #expect(packets.contains("marked 0"), "\(counters)")
    #expect(packets.contains { $0.hasPrefix("seen ") && $0 != "seen 0" }, "\(counters)")
  }

  @Test(
    "after a flush of FORWARD CHECK fails, and the ADD of another container repairs it for both",
    arguments: IPTablesSettings.Variant.allCases)
  func flushed(variant: IPTablesSettings.Variant) async throws {
    let scene = try Scene(variant)
    try scene.host.dropForwarded(variant)
    try scene.host.succeed("CHECK", scene.container)
    try scene.host.change(variant, "-F FORWARD")
    try await scene.inside.expectIsApart(from: scene.outside)
    #expect(errorObject(try scene.host.call("CHECK", scene.container))?.code == 102)
    let other = try scene.host.makeContainer(6)
    let second = try Party(other)
    try scene.host.succeed("ADD", other)
    for (container, party) in [(scene.container, scene.inside), (other, second)] {
      party.expectReaches(scene.outside)
      try scene.host.succeed("CHECK", container)
    }
  }

  @Test(
    "the administrator's chain decides, whatever our table accepts",
    arguments: IPTablesSettings.Variant.allCases)
  func administrator(variant: IPTablesSettings.Variant) async throws {
    let scene = try Scene(variant)
    try scene.host.dropForwarded(variant)
    scene.inside.expectReaches(scene.outside)
    try scene.host.change(
      variant, "-A CNI-ADMIN -p tcp --dport 80 -i cni0 -j DROP", "-A CNI-ADMIN -p tcp --dport 80 -o cni0 -j ACCEPT")
    try await scene.inside.expectDoesNotReach(scene.outside)
    scene.outside.expectReaches(scene.inside)
  }
}
