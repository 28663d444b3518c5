// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CLinux
import Netlink
import Rules
import Testing

@testable import NFTables
@testable import OwnTable

@Suite struct StructureTests {
  @Test("as much of a branch as its name tells is made from the name")
  func named() throws {
    let masquerade = Branch.masquerade(.ip6, 64)
    let conditions = Branch.conditions(try Sample.conditions(.ip))
    let first = try #require(Part.ports.branch(named: masquerade.chain))
    #expect(first.body.map(\.expressions) == masquerade.body.map(\.expressions))
    #expect(first.jumps.map(\.expressions) == masquerade.jumps.map(\.expressions))
    let second = try #require(Part.ports.branch(named: conditions.chain))
    #expect(second.body.isEmpty)
    #expect(second.jumps.map(\.expressions) == conditions.jumps.map(\.expressions))
    let denied = Branch.denied(try Sample.denied(.ip))
    let third = try #require(Part.firewall.branch(named: denied.chain))
    #expect(third.body.map(\.expressions) == denied.body.map(\.expressions))
    #expect(third.jumps.map(\.expressions) == denied.jumps.map(\.expressions))
  }

  @Test("the table's own chains are no branches", arguments: PartTests.parts)
  func ownChains(part: Part) {
    for chain in part.chains { #expect(part.branch(named: chain.name) == nil) }
    #expect(part.branch(named: "somebody_elses") == nil)
  }

  @Test("the skeleton is the table, then its sets and chains", arguments: PartTests.parts)
  func skeleton(part: Part) {
    let types = Structure(part).skeleton().map { $0.bytes(sequence: 0)[4] }
    let expected = [0] + part.sets.map { _ in 9 } + part.chains.map { _ in 3 } as [UInt8]
    #expect(types == expected)
  }

  @Test(
    "everything is the skeleton, the table's rules, and each branch with the jumps to it", arguments: PartTests.parts)
  func all(part: Part) throws {
    let branches = try Self.branches(part)
    let structure = Structure(part, branches)
    let types = structure.all().dropFirst(structure.skeleton().count).map { $0.bytes(sequence: 0)[4] }
    // NFT_MSG_NEWCHAIN, NFT_MSG_NEWRULE, NFT_MSG_NEWSET
    #expect(types.count { $0 == 3 } == branches.count)
    #expect(types.count { $0 == 6 } == part.rules.count + branches.reduce(0) { $0 + $1.use })
    #expect(types.count { $0 == 9 } == branches.reduce(0) { $0 + $1.sets.count })
  }

  @Test("the chains to look at are the table's and the branches'", arguments: PartTests.parts)
  func chains(part: Part) throws {
    let branches = try Self.branches(part)
    #expect(Structure(part, branches).chains == part.chains.map(\.name) + branches.map(\.chain))
  }

  private static func branches(_ part: Part) throws -> [Branch] {
    switch part {
    case .ports: [.masquerade(.ip, 16), .conditions(try Sample.conditions(.ip6))]
    case .firewall: [.denied(try Sample.denied(.ip)), .denied(try Sample.denied(.ip6))] + Branch.marking(bit: 12)
    }
  }
}

// MARK: - What is missing

extension StructureTests {
  /// A chain as the kernel has it, used so often.
  private static func stored(_ chain: Chain, use: Int) throws -> StoredChain {
    var message = Table.own.create(chain)
    message.attribute(NFTA_CHAIN_USE.rawValue, UInt32(use).bigEndian)
    return try #require(StoredChain(try message.received()))
  }

  /// A host that has a part whole, some branches, and some of the sets that come when they are needed.
  private static func snapshot(
    _ part: Part, _ branches: [Branch] = [], sets: [String] = []
  ) throws -> Session.Snapshot {
    var chains = try part.chains.map { chain in
      let jumps = branches.flatMap(\.jumps).count { $0.chain == chain.name }
      return try stored(chain, use: part.leastUse(chain.name) + jumps)
    }
    chains += try branches.map { try stored(Chain($0.chain), use: $0.use) }
    return Session.Snapshot(
      generation: 1, isTableActive: true, chains: chains, sets: sets, elements: StoredElements([]), tables: [])
  }

  @Test(
    "of a structure that is whole nothing is missing, and also with a branch of somebody else",
    arguments: PartTests.parts)
  func whole(part: Part) throws {
    let session = try Session(.own)
    let branches = try Self.branches(part)
    let snapshot = try Self.snapshot(part, branches)
    let (bare, full) = (
      try Structure(part).messages(snapshot, session), try Structure(part, branches).messages(snapshot, session)
    )
    #expect(bare.isEmpty && full.isEmpty)
  }

  @Test("a branch that is missing is made with its sets, rules and jumps, and nothing else", arguments: PartTests.parts)
  func missingBranch(part: Part) throws {
    let session = try Session(.own)
    let branches = try Self.branches(part)
    let snapshot = try Self.snapshot(part, branches.indices.filter { $0 != 1 }.map { branches[$0] })
    let messages = try Structure(part, branches).messages(snapshot, session)
    let types = messages.map { $0.bytes(sequence: 0)[4] }
    #expect(types.count { $0 == 3 } == 1)
    #expect(types.count { $0 == 6 } == branches[1].use)
    #expect(types.count { $0 == 9 } == branches[1].sets.count)
  }

  @Test("sets that belong to no branch are made when they are missing, each once")
  func sets() throws {
    let session = try Session(.own)
    let wanted = Part.firewallSharedSets.map { SharedElement(bridge: "cni0", in: $0).members }
    let structure = Structure(.firewall, sets: wanted)
    #expect(structure.chains == Part.firewall.chains.map(\.name))
    for present in [[], ["bridges_cni0"], ["bridges_cni0", "isolated_bridges_cni0"]] as [[String]] {
      let messages = try structure.messages(try Self.snapshot(.firewall, sets: present), session)
      let missing = wanted.filter { !present.contains($0.name) }
      #expect(messages.map { $0.bytes(sequence: 0) } == missing.map { Table.own.create($0).bytes(sequence: 0) })
    }
  }
}
