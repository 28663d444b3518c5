// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CLinux
import Netlink
import Rules
import Testing

@testable import NFTables
@testable import OwnTable

@Suite struct FeatureTests {
  static let parts: [Feature] = [.ports, .firewall, .masquerade]

  @Test(
    "every rule of the table is the same after it was encoded and decoded, and none is there twice", arguments: parts)
  func roundTrip(feature: Feature) throws {
    for rule in feature.rules { #expect(try rule.reread() == rule.expressions) }
    #expect(
      Set(feature.rules.map { Array($0.chain.utf8) + Expression.encoded($0.expressions) }).count == feature.rules.count)
  }

  @Test("every rule is in a chain of the table, jumps to one, and looks into one of its sets", arguments: parts)
  func closed(feature: Feature) {
    let chains = Set(feature.chains.map(\.name))
    let sets = Set(feature.sets.map(\.name))
    #expect(chains.count == feature.chains.count)
    #expect(sets.count == feature.sets.count)
    for rule in feature.rules {
      #expect(chains.contains(rule.chain))
      #expect(rule.jump.map { chains.contains($0) } ?? true)
      #expect(sets.isSuperset(of: rule.sets))
    }
    #expect(Set(feature.rules.compactMap(\.jump)) == Set(feature.chains.filter { $0.hook == nil }.map(\.name)))
    #expect(sets.isSuperset(of: (feature.sharedSets + [feature.attachments]).map(\.name)))
  }

  @Test("the features have no names in common, and neither have their chains on demand")
  func apart() throws {
    let denied = DeniedDestinations(
      network: "net", family: .ip6, ranges: [AddressRange(first: .loopback6, end: nil)])
    let later: [(Feature, [OnDemandChain])] = [
      (.ports, [.masquerade(.ip, 16), .conditions(try Sample.conditions(.ip6))]),
      (.firewall, [.denied(denied)] + OnDemandChain.marking(bit: 12)),
      (.masquerade, [.ipmasq(.ip, 16), .ipmasq(.ip6, 64)]),
    ]
    #expect(later.map(\.0.purpose) == Self.parts.map(\.purpose))
    var sets: [String] = []
    var chains: [String] = []
    for (feature, branches) in later {
      sets += (feature.sets + branches.flatMap(\.sets)).map(\.name)
      sets += feature.sharedSets.map { SharedElement(bridge: "cni0", in: $0).members.name }
      chains += feature.chains.map(\.name) + branches.map(\.name)
      for branch in branches {
        #expect(Self.parts.filter { $0.onDemand(branch.name) != nil }.map(\.purpose) == [feature.purpose])
        #expect(feature.chainPrefixes("other").allSatisfy { !branch.name.hasPrefix($0) })
      }
    }
    #expect(Set(sets).count == sets.count)
    #expect(Set(chains).count == chains.count)
    for set in sets {
      let isShared = Self.parts.contains { SharedElement.shared(byMembersOf: set, in: $0) != nil }
      #expect(isShared == set.hasSuffix("bridges_cni0"))
    }
  }

  @Test("a feature has a purpose, and its samples are chains on demand of it", arguments: parts)
  func purpose(feature: Feature) {
    #expect(!feature.purpose.isEmpty)
    #expect(feature.samples().allSatisfy { feature.onDemand($0.name) != nil })
  }

  @Test("only connections to this host are translated")
  func onlyLocal() {
    let jumps = Feature.ports.rules.filter { ["prerouting", "output"].contains($0.chain) && $0.jump != nil }
    for rule in jumps { #expect(rule.expressions.contains(.destinationType)) }
    #expect(jumps.count == 4)
  }

  @Test("a chain is used at least by its own rules and by jumps to it")
  func leastUse() {
    let uses = Dictionary(Feature.ports.chains.map { ($0.name, Feature.ports.leastUse($0.name)) }) { first, _ in first }
    #expect(
      uses == [
        "guard": 2, "prerouting": 3, "output": 2, "postrouting": 1, "masquerading": 1, "hostip_hostports4": 5,
        "hostip_hostports6": 5, "hostports4": 2, "hostports6": 2,
      ])
  }

  @Test("the families have different names, and messages carry the table's name")
  func names() throws {
    #expect(AddressFamily.allCases.map(\.suffix) == ["4", "6"])
    #expect(try Table.own.create().received().nfAttributes[Int(NFTA_TABLE_NAME.rawValue)]?.text == "swift_cni")
    #expect(Table.own.create().bytes(sequence: 0)[4...7] == [0, 10, 1, 4])
    #expect(try Table.own.get().received().nfAttributes[Int(NFTA_TABLE_NAME.rawValue)]?.text == "swift_cni")
    #expect(Table.own.get().bytes(sequence: 0)[4...7] == [1, 10, 1, 0])
  }

  @Test(
    "a dormant table is told from an active one",
    arguments: [(nil, false), (0, false), (1, true), (3, true), (2, false)] as [(UInt32?, Bool)])
  func dormant(flags: UInt32?, expected: Bool) throws {
    var message = NetlinkMessage(nfTables: NFT_MSG_NEWTABLE, family: 1)
    if let flags { message.attribute(NFTA_TABLE_FLAGS.rawValue, flags.bigEndian) }
    #expect(Table.isDormant(try message.received()) == expected)
  }
}
