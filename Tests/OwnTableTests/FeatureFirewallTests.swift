// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CLinux
import Netlink
import Rules
import Testing

@testable import NFTables
@testable import OwnTable

@Suite struct FeatureFirewallTests {
  private static let feature = Feature.firewall

  /// The sets that a rule looks up and its verdict, in a few words.
  private static func summary(_ rule: NFTRule) -> String {
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
      case .verdict(let code, let chain): chain.map { "\(code == NFT_GOTO.rawValue ? "goto" : "jump") \($0)" } ?? "?"
      default: nil
      }
    }
    return words.joined(separator: " ")
  }

  private static func rules(of chain: String) -> [String] {
    feature.rules.filter { $0.chain == chain }.map { summary($0) }
  }

  @Test(
    "an incoming packet's bit is cleared first, then come the administrator's chain, the drops, and the accepts last")
  func forward() {
    #expect(
      Self.rules(of: "forward") == [
        "jump unmarked", "jump admin", "state jump invalid", "jump isolation", "jump restrictions",
        "daddr @containers4 state goto accepted", "saddr @containers4 goto accepted",
        "daddr @containers6 state goto accepted", "saddr @containers6 goto accepted",
      ])
    // The bit is set before the accept, which ends the evaluation.
    #expect(Self.rules(of: Feature.accepted) == ["jump marked", "accept"])
    #expect(Self.rules(of: Feature.marked).isEmpty)
  }

  @Test("behind the chains of iptables the bit is cleared again, by the same chain as before them")
  func forwarded() {
    #expect(Self.rules(of: "forwarded") == ["jump unmarked"])
    #expect(Self.rules(of: Feature.unmarked).isEmpty)
  }

  @Test("isolation excepts published ports before it drops, and ignores other bridges")
  func isolation() {
    #expect(
      Self.rules(of: "isolation") == [
        "iifname iifname !@bridges return", "status return", "iifname oifname @isolated_bridges drop",
        "iifname oifname @bridges return", "oifname oifname @bridges drop",
      ])
  }

  @Test("packets of ct state invalid are dropped in both directions, and the chain accepts nothing")
  func invalid() {
    #expect(
      Self.rules(of: "invalid") == [
        "saddr @tracked4 drop", "daddr @tracked4 drop", "iifname iifname @tracked_bridges saddr !@containers4 drop",
        "oifname oifname @tracked_bridges daddr !@containers4 drop",
        "saddr @tracked6 drop", "daddr @tracked6 drop", "iifname iifname @tracked_bridges saddr !@containers6 drop",
        "oifname oifname @tracked_bridges daddr !@containers6 drop",
        "iifname iifname @tracked_veths drop", "oifname oifname @tracked_veths drop",
      ])
    #expect(Self.rules(of: "admin").isEmpty)
    #expect(Self.rules(of: Feature.restrictions).isEmpty)
  }

  @Test("a chain is used at least by its own rules and by jumps to it")
  func leastUse() {
    let uses = Dictionary(Self.feature.chains.map { ($0.name, Self.feature.leastUse($0.name)) }) { first, _ in first }
    #expect(
      uses == [
        "admin": 1, "invalid": 11, "isolation": 6, "restrictions": 1, "accepted": 6, "marked": 1, "unmarked": 2,
        "forward": 9,
        "forwarded": 1,
      ])
  }

  @Test("the base chains are at the forward hook, before and behind the chains of iptables")
  func hooks() {
    let hooked = Self.feature.chains.filter { $0.hook != nil }
    #expect(hooked.map(\.name) == ["forward", "forwarded"])
    #expect(hooked.map(\.hook) == [.beforeFilterForward, .afterFilterForward])
    #expect(hooked.allSatisfy { $0.hook?.policy == .accept })
  }

  @Test("sets are of the addresses of a family, or of two names of interfaces, so that nft prints and reads them")
  func sets() {
    for family in AddressFamily.allCases {
      #expect(Feature.containers(family).key == [.address(family)])
      #expect(Feature.tracked(family).key == [.address(family)])
    }
    #expect(Feature.containers(.ip).name == "containers4" && Feature.tracked(.ip6).name == "tracked6")
    let pairs = [
      Feature.firewallAttachments, Feature.bridges, Feature.isolatedBridges, Feature.trackedVeths,
      Feature.trackedBridges,
      Feature.bridgePorts,
    ]
    #expect(Set(pairs.map(\.name)).isSubset(of: Self.feature.sets.map(\.name)))
    #expect(pairs.allSatisfy { $0.key == [.interfaceName, .interfaceName] })
    #expect(Self.feature.sets.allSatisfy { $0.data.isEmpty && !$0.isInterval })
    #expect(Self.feature.sharedSets.map(\.name) == ["bridges", "isolated_bridges", "tracked_bridges"])
  }

  @Test(
    "an address behind a bridge is unknown if it is not accepted for any container",
    arguments: AddressFamily.allCases)
  func unknown(family: AddressFamily) {
    for (side, name) in [(Match.Side.source, NFT_META_IIFNAME), (.destination, NFT_META_OIFNAME)] {
      let set = family == .ip ? "containers4" : "containers6"
      #expect(
        Match.unknown(side, family, on: "set")
          == Match.interfaces(name, name, in: "set") + Match.address(side, family, in: set, isNegated: true))
    }
  }
}
