// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CLinux
import Netlink
import Rules
import Testing

@testable import NFTables
@testable import OwnTable

@Suite struct StructureTests {
  @Test("a chain on demand is made from its name as far as it follows from that")
  func named() throws {
    let masquerade = OnDemandChain.masquerade(.ip6, 64)
    let conditions = OnDemandChain.conditions(try Sample.conditions(.ip))
    let first = try #require(Feature.ports.onDemand(masquerade.name))
    #expect(first.rules.map(\.expressions) == masquerade.rules.map(\.expressions))
    #expect(first.jumps.map(\.expressions) == masquerade.jumps.map(\.expressions))
    let second = try #require(Feature.ports.onDemand(conditions.name))
    #expect(second.rules.isEmpty)
    #expect(second.jumps.map(\.expressions) == conditions.jumps.map(\.expressions))
    let denied = OnDemandChain.denied(try Sample.denied(.ip))
    let third = try #require(Feature.firewall.onDemand(denied.name))
    #expect(third.rules.map(\.expressions) == denied.rules.map(\.expressions))
    #expect(third.jumps.map(\.expressions) == denied.jumps.map(\.expressions))
  }

  @Test("constant chains are not chains on demand", arguments: FeatureTests.parts)
  func ownChains(feature: Feature) {
    for chain in feature.chains { #expect(feature.onDemand(chain.name) == nil) }
    #expect(feature.onDemand("somebody_elses") == nil)
  }

  @Test("the skeleton is the table, then its sets and chains", arguments: FeatureTests.parts)
  func skeleton(feature: Feature) {
    let types = Structure(feature).skeleton().map { $0.bytes(sequence: 0)[4] }
    let expected = [0] + feature.sets.map { _ in 9 } + feature.chains.map { _ in 3 } as [UInt8]
    #expect(types == expected)
  }

  @Test(
    "everything is the skeleton, the constant rules, and each chain on demand with the jumps to it",
    arguments: FeatureTests.parts
  )
  func all(feature: Feature) throws {
    let branches = try Self.branches(feature)
    let structure = Structure(feature, branches)
    let types = structure.all().dropFirst(structure.skeleton().count).map { $0.bytes(sequence: 0)[4] }
    // NFT_MSG_NEWCHAIN, NFT_MSG_NEWRULE, NFT_MSG_NEWSET
    #expect(types.count { $0 == 3 } == branches.count)
    #expect(types.count { $0 == 6 } == feature.rules.count + branches.reduce(0) { $0 + $1.use })
    #expect(types.count { $0 == 9 } == branches.reduce(0) { $0 + $1.sets.count })
  }

  @Test("the chains to read are the constant ones and those on demand", arguments: FeatureTests.parts)
  func chains(feature: Feature) throws {
    let branches = try Self.branches(feature)
    #expect(Structure(feature, branches).chains == feature.chains.map(\.name) + branches.map(\.name))
  }

  private static func branches(_ feature: Feature) throws -> [OnDemandChain] {
    feature.purpose == Feature.ports.purpose
      ? [.masquerade(.ip, 16), .conditions(try Sample.conditions(.ip6))]
      : [.denied(try Sample.denied(.ip)), .denied(try Sample.denied(.ip6))] + OnDemandChain.marking(bit: 12)
  }
}

// MARK: - Missing parts

extension StructureTests {
  /// A stored chain with this use count.
  private static func stored(_ chain: Chain, use: Int) throws -> StoredChain {
    var message = Table.own.create(chain)
    message.attribute(NFTA_CHAIN_USE.rawValue, UInt32(use).bigEndian)
    return try #require(StoredChain(try message.received()))
  }

  /// A snapshot of a host with a complete feature, some chains on demand, and some of the sets that are made when needed.
  private static func snapshot(
    _ feature: Feature, _ branches: [OnDemandChain] = [], sets: [String] = []
  ) throws -> Session.Snapshot {
    var chains = try feature.chains.map { chain in
      let jumps = branches.flatMap(\.jumps).count { $0.chain == chain.name }
      return try stored(chain, use: feature.leastUse(chain.name) + jumps)
    }
    chains += try branches.map { try stored(Chain($0.name), use: $0.use) }
    return Session.Snapshot(
      generation: 1, isTableActive: true, chains: chains, sets: sets, elements: StoredElements([]), tables: [])
  }

  @Test(
    "a complete structure needs no messages, also with chains on demand of other networks",
    arguments: FeatureTests.parts)
  func whole(feature: Feature) throws {
    let session = try Session(.own)
    let branches = try Self.branches(feature)
    let snapshot = try Self.snapshot(feature, branches)
    let (bare, full) = (
      try Structure(feature).messages(snapshot, session), try Structure(feature, branches).messages(snapshot, session)
    )
    #expect(bare.isEmpty && full.isEmpty)
  }

  @Test(
    "a missing chain on demand is made with its sets, rules and jumps, and nothing else", arguments: FeatureTests.parts)
  func missingBranch(feature: Feature) throws {
    let session = try Session(.own)
    let branches = try Self.branches(feature)
    let snapshot = try Self.snapshot(feature, branches.indices.filter { $0 != 1 }.map { branches[$0] })
    let messages = try Structure(feature, branches).messages(snapshot, session)
    let types = messages.map { $0.bytes(sequence: 0)[4] }
    #expect(types.count { $0 == 3 } == 1)
    #expect(types.count { $0 == 6 } == branches[1].use)
    #expect(types.count { $0 == 9 } == branches[1].sets.count)
  }

  @Test("missing sets of no chain on demand are made once each")
  func sets() throws {
    let session = try Session(.own)
    let wanted = Feature.firewallSharedSets.map { SharedElement(bridge: "cni0", in: $0).members }
    let structure = Structure(.firewall, sets: wanted)
    #expect(structure.chains == Feature.firewall.chains.map(\.name))
    for present in [[], ["bridges_cni0"], ["bridges_cni0", "isolated_bridges_cni0"]] as [[String]] {
      let messages = try structure.messages(try Self.snapshot(.firewall, sets: present), session)
      let missing = wanted.filter { !present.contains($0.name) }
      #expect(messages.map { $0.bytes(sequence: 0) } == missing.map { Table.own.create($0).bytes(sequence: 0) })
    }
  }
}
