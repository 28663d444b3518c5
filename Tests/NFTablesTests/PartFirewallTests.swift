// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CLinux
import Netlink
import Rules
import Testing

@testable import NFTables

@Suite struct PartFirewallTests {
  private static let part = Part.firewall

  /// What a rule looks into and what it decides, in a few words.
  private static func summary(_ rule: RuleObject) -> String {
    let words = rule.expressions.compactMap { expression -> String? in
      switch expression {
      case .connection(let key): key == NFT_CT_STATE ? "state" : "status"
      case .meta(NFT_META_IIFNAME, _): "iifname"
      case .meta(NFT_META_OIFNAME, _): "oifname"
      case .payload(_, let offset, let length, _): offset == (length == 4 ? 12 : 8) ? "saddr" : "daddr"
      case .lookup(let set, let isNegated, _): (isNegated ? "!" : "") + "@\(set)"
      case .accept: "accept"
      case .drop: "drop"
      case .return: "return"
      case .verdict(_, let chain): chain.map { "jump \($0)" } ?? "?"
      default: nil
      }
    }
    return words.joined(separator: " ")
  }

  private static func rules(of chain: String) -> [String] {
    part.rules.filter { $0.chain == chain }.map { summary($0) }
  }

  @Test("the administrator comes first, then what is dropped, and accepts come last")
  func forward() {
    #expect(
      Self.rules(of: "forward") == [
        "jump admin", "state jump invalid", "jump isolation", "jump restrictions",
        "daddr @containers4 state accept", "saddr @containers4 accept",
        "daddr @containers6 state accept", "saddr @containers6 accept",
      ])
  }

  @Test("isolation lets published ports through before it drops, and never asks about other bridges")
  func isolation() {
    #expect(
      Self.rules(of: "isolation") == [
        "iifname iifname !@bridges return", "status return", "iifname oifname @isolated_bridges drop",
        "iifname oifname @bridges return", "oifname oifname @bridges drop",
      ])
  }

  @Test("what is of no connection is dropped in both directions, and only there nothing is accepted")
  func invalid() {
    #expect(
      Self.rules(of: "invalid") == [
        "saddr @tracked4 drop", "daddr @tracked4 drop", "saddr @tracked6 drop", "daddr @tracked6 drop",
      ])
    #expect(Self.rules(of: "admin").isEmpty)
    #expect(Self.rules(of: Part.restrictions).isEmpty)
  }

  @Test("a chain is used at least by its own rules and by jumps to it")
  func leastUse() {
    let uses = Dictionary(Self.part.chains.map { ($0.name, Self.part.leastUse($0.name)) }) { first, _ in first }
    #expect(uses == ["admin": 1, "invalid": 5, "isolation": 6, "restrictions": 1, "forward": 8])
  }

  @Test("packets come in where they are forwarded, by one chain, which lets pass what it does not decide")
  func hooks() {
    let hooked = Self.part.chains.filter { $0.hook != nil }
    #expect(hooked.map(\.name) == ["forward"])
    #expect(hooked.map(\.hook) == [.filterForward])
  }

  @Test("sets are of the addresses of a family, or of two names of interfaces")
  func sets() {
    for family in AddressFamily.allCases {
      #expect(Part.containers(family).key == [.address(family)])
      #expect(Part.tracked(family).key == [.address(family)])
    }
    #expect(Part.containers(.ip).name == "containers4" && Part.tracked(.ip6).name == "tracked6")
    let pairs = [Part.firewallAttachments, Part.bridges, Part.isolatedBridges]
    #expect(pairs.allSatisfy { $0.key == [.interfaceName, .interfaceName] })
    #expect(Self.part.sets.allSatisfy { $0.data.isEmpty && !$0.isInterval })
    #expect(Self.part.sharedSets.map(\.name) == ["bridges", "isolated_bridges"])
  }
}
