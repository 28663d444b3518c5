// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI
import Netlink
import Rules
import Testing

@testable import NFTables
@testable import OwnTable

@Suite struct OnDemandChainPortsTests {
  @Test("the name of a masquerading chain has the family and the prefix length", arguments: AddressFamily.allCases)
  func masqueradeNames(family: AddressFamily) throws {
    for length in [0, 8, 24, family.bits] {
      let name = OnDemandChain.masqueradeName(family, length)
      let read = try #require(OnDemandChain.masquerade(named: name))
      #expect(read == (family, length))
    }
    #expect(OnDemandChain.masqueradeName(.ip, 16) == "masquerade4_16")
  }

  @Test(
    "other names are not masquerading chains",
    arguments: [
      "", "masquerade", "masquerade4_", "masquerade4_x", "masquerade5_16", "masquerade4_-1", "masquerade4_33",
      "masquerade6_129", "masquerade4_-9223372036854775808",
    ])
  func otherNames(name: String) {
    #expect(OnDemandChain.masquerade(named: name) == nil)
    #expect(OnDemandChain.conditions(named: name) == nil)
  }

  @Test(
    "a masquerading chain has a rule for each protocol, and one jump to it", arguments: AddressFamily.allCases)
  func masquerade(family: AddressFamily) throws {
    let branch = OnDemandChain.masquerade(family, 24)
    #expect(branch.sets.map(\.name) == [branch.name])
    #expect(branch.rules.count == TransportProtocol.allCases.count)
    for rule in branch.rules {
      #expect(rule.chain == branch.name)
      #expect(rule.expressions.suffix(2).map(\.kind) == ["lookup", "masq"])
      #expect(try rule.reread() == rule.expressions)
    }
    #expect(branch.jumps.map(\.chain) == ["masquerading"])
    #expect(branch.jumps.map(\.jump) == [branch.name])
    #expect(branch.use == TransportProtocol.allCases.count + 1)
  }

  @Test("conditions of another network, or with another demand, have another ID", arguments: AddressFamily.allCases)
  func conditionIDs(family: AddressFamily) throws {
    let conditions = try Sample.conditions(family)
    let test = Condition.Test.mark(value: 1, mask: 1)
    let others = [
      try Sample.conditions(family, network: "net2"),
      Conditions(network: "net", family: family, all: conditions.all + [Condition(test)]),
      Conditions(network: "net", family: family, all: [Condition(test)]),
      Conditions(network: "net", family: family, all: [Condition(test, isNegated: true)]),
    ]
    let ids = ([conditions] + others).map { OnDemandChain.conditionsID($0) }
    #expect(Set(ids).count == ids.count)
    // The room for the ID in an element's comment, in bytes.
    #expect(ids.allSatisfy { $0.utf8.count == 17 })
    #expect(OnDemandChain.conditionsID(try Sample.conditions(family)) == ids[0])
  }

  @Test(
    "the name of conditions has the family and the ID, and the prefix of its network", arguments: AddressFamily.allCases
  )
  func conditionNames(family: AddressFamily) throws {
    let id = OnDemandChain.conditionsID(try Sample.conditions(family))
    let name = OnDemandChain.conditionsName(family, id)
    let read = try #require(OnDemandChain.conditions(named: name))
    #expect(read.family == family && read.id == id)
    #expect(name.hasPrefix(OnDemandChain.conditionsPrefix(ofNetwork: "net", family)))
    #expect(!name.hasPrefix(OnDemandChain.conditionsPrefix(ofNetwork: "net2", family)))
    // The kernel's limit (NFT_NAME_MAXLEN) is 256; ours is the length of a set's name before kernel 4.14.
    #expect(OnDemandChain.conditionsSet(family, id, hasHostAddress: true).utf8.count <= 63)
  }

  @Test(
    "a chain of conditions accepts packets that fail them without DNAT, and translates the rest",
    arguments: AddressFamily.allCases)
  func conditions(family: AddressFamily) throws {
    let conditions = try Sample.conditions(family)
    let branch = OnDemandChain.conditions(conditions)
    let skeleton = OnDemandChain.conditionsSkeleton(family, OnDemandChain.conditionsID(conditions))
    #expect(branch.name == skeleton.name)
    try #require(branch.rules.count == 3)
    #expect(branch.rules[0].expressions.last == .accept)
    #expect(branch.rules[0].comment == "network net")
    let maps = branch.rules.dropFirst().map(\.sets)
    #expect(maps == [[Feature.hostAddressPorts(family).name], [Feature.hostPorts(family).name]])
    #expect(branch.rules.dropFirst().allSatisfy { $0.expressions.last == .destinationNAT(family) })
    #expect(branch.rules.allSatisfy { $0.chain == branch.name })
    #expect(branch.jumps.map(\.chain) == [Feature.hostPorts(family).name, Feature.hostAddressPorts(family).name])
    #expect(branch.jumps.map(\.expressions) == skeleton.jumps.map(\.expressions))
    #expect(branch.jumps.allSatisfy { $0.expressions.last == .goto(branch.name) })
    #expect(branch.sets.map(\.name) == skeleton.sets.map(\.name))
    #expect(branch.use == 5)
  }

  @Test("the comment of a network with the longest name fits")
  func longName() throws {
    let network = String(repeating: "n", count: 300)
    let branch = OnDemandChain.conditions(try Sample.conditions(.ip, network: network))
    #expect(try #require(branch.rules[0].comment).utf8.count <= Comment.limit)
  }

  @Test("each condition with several values has a set of its own, whose elements belong to the chain")
  func conditionSets() throws {
    let prefixes = [try Sample.prefix("10.0.0.0/8"), try Sample.prefix("192.0.2.0/24")]
    let all = [
      Condition(.source(prefixes)), Condition(.mark(value: 1, mask: 1)), Condition(.sourcePort(.tcp, [1...2, 5...6])),
    ]
    let branch = OnDemandChain.conditions(Conditions(network: "net", family: .ip, all: all))
    let own = ["\(branch.name)_0", "\(branch.name)_2"]
    #expect(branch.sets.dropFirst(2).map(\.name) == own)
    #expect(branch.sets.dropFirst(2).allSatisfy { $0.isInterval })
    #expect(Set(branch.fixtures.map(\.id.set)) == Set(own))
    let refusals = branch.rules.dropLast(2)
    // One rule for each condition, and one for other protocols.
    #expect(refusals.count == 4)
    #expect(refusals.flatMap(\.sets) == own)
    #expect(refusals.allSatisfy { $0.expressions.last == .accept })
    for rule in branch.rules { #expect(try rule.reread() == rule.expressions) }
  }
}
