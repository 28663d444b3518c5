// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import Rules
import TestSupport
import Testing

@Suite(
  "firewall: while another program changes the ruleset",
  .enabled(if: kernelIsThere, "needs privileges to make network namespaces"))
struct FirewallLoadTests {
  private static let sameBridge = #""ingressPolicy":"same-bridge","#

  @Test(
    "with 300 containers and 200 changes a second of an unrelated table every verb of the backend iptables succeeds")
  func verbs() throws {
    let host = try FirewallNode(networks: [.first]).byIPTables(.nft)
    let own = try (5..<8).map { try host.makeContainer($0) }
    // All containers use one interface, because it takes long to make namespaces.
    let shared = try host.makeContainer(8)
    let crowd = try (0..<300).map { number in
      Container(
        namespace: shared.namespace, address: try ip("10.22.\(1 + number / 100).\(number % 100)"),
        address6: try ip("fd00:22::1:\(number)"))
    }
    for container in crowd { try host.succeed("ADD", container, options: Self.sameBridge) }
    let before = try host.state()
    let count = try ForeignChanges.during(in: host.node.namespace) {
      for options in [Self.sameBridge, ""] {
        for verb in ["ADD", "ADD", "CHECK", "DEL", "DEL", "ADD"] {
          for container in own { try host.succeed(verb, container, options: options) }
        }
        let valid = crowd.map { #"{"containerID":"\#($0.id)","ifname":"\#($0.ifName)"}"# }.joined(separator: ",")
        for _ in 0..<2 { try host.collectGarbage(#""cni.dev/valid-attachments":[\#(valid)],"#) }
      }
    }
    #expect(count > 20)
    #expect(try changes(from: before, to: host.state()) == [])
  }
}
