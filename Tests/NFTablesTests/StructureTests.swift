// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Netlink
import Rules
import Testing

@testable import NFTables

@Suite struct StructureTests {
  @Test("as much of a branch as its name tells is made from the name")
  func named() throws {
    let masquerade = Branch.masquerade(.ip6, 64)
    let conditions = Branch.conditions(try Sample.conditions(.ip))
    let first = try #require(Part.ports.branch(named: masquerade.chain))
    #expect(first.body.map(\.text) == masquerade.body.map(\.text))
    #expect(first.jumps.map(\.text) == masquerade.jumps.map(\.text))
    let second = try #require(Part.ports.branch(named: conditions.chain))
    #expect(second.body.isEmpty)
    #expect(second.jumps.map(\.text) == conditions.jumps.map(\.text))
  }

  @Test("the table's own chains are no branches")
  func ownChains() {
    for chain in Part.ports.chains { #expect(Part.ports.branch(named: chain.name) == nil) }
    #expect(Part.ports.branch(named: "somebody_elses") == nil)
  }

  @Test("the skeleton is the table, then its sets and chains")
  func skeleton() {
    let types = Structure(.ports).skeleton().map { $0.bytes(sequence: 0)[4] }
    let expected = [0] + Part.ports.sets.map { _ in 9 } + Part.ports.chains.map { _ in 3 } as [UInt8]
    #expect(types == expected)
  }

  @Test("everything is the skeleton, the table's rules, and each branch with the jumps to it")
  func all() throws {
    let branches = [Branch.masquerade(.ip, 16), .conditions(try Sample.conditions(.ip6))]
    let structure = Structure(.ports, branches)
    let types = structure.all().dropFirst(structure.skeleton().count).map { $0.bytes(sequence: 0)[4] }
    // NFT_MSG_NEWCHAIN, NFT_MSG_NEWRULE, NFT_MSG_NEWSET
    #expect(types.count { $0 == 3 } == 2)
    #expect(types.count { $0 == 6 } == Part.ports.rules.count + branches.reduce(0) { $0 + $1.use })
    #expect(types.count { $0 == 9 } == branches.reduce(0) { $0 + $1.sets.count })
  }

  @Test("the chains to look at are the table's and the branches'")
  func chains() {
    let structure = Structure(.ports, [.masquerade(.ip, 16)])
    #expect(structure.chains == Part.ports.chains.map(\.name) + ["masquerade4_16"])
  }
}
