// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CLinux
import CNI
import Netlink
import Rules
import Testing

@testable import NFTables
@testable import OwnTable

@Suite struct OnDemandChainFirewallTests {
  private static func everything(_ family: AddressFamily) -> DeniedDestinations {
    DeniedDestinations(
      network: "net", family: family, ranges: [AddressRange(first: Prefix.all(family).address, end: nil)])
  }

  @Test("lists of another network, of other ranges, have another ID", arguments: AddressFamily.allCases)
  func ids(family: AddressFamily) throws {
    let denied = try Sample.denied(family)
    let first = denied.ranges[0]
    let others = [
      try Sample.denied(family, network: "net2"), Self.everything(family),
      DeniedDestinations(
        network: "net", family: family,
        ranges: [AddressRange(first: first.first.successor ?? first.first, end: first.end)]),
      DeniedDestinations(network: "net", family: family, ranges: denied.ranges + [first]),
    ]
    let ids = ([denied] + others).map { OnDemandChain.deniedID($0) }
    #expect(Set(ids).count == ids.count)
    #expect(ids.allSatisfy { $0.utf8.count == 17 })
    #expect(OnDemandChain.deniedID(try Sample.denied(family)) == ids[0])
  }

  @Test("the name has the family and the ID, and the prefix of its network", arguments: AddressFamily.allCases)
  func names(family: AddressFamily) throws {
    let branch = OnDemandChain.denied(try Sample.denied(family))
    #expect(branch.name == OnDemandChain.deniedName(family, OnDemandChain.deniedID(try Sample.denied(family))))
    #expect(branch.name.hasPrefix(family == .ip ? "denied4_" : "denied6_"))
    for other in AddressFamily.allCases {
      #expect(branch.name.hasPrefix(OnDemandChain.deniedPrefix(ofNetwork: "net", other)) == (other == family))
      #expect(!branch.name.hasPrefix(OnDemandChain.deniedPrefix(ofNetwork: "net2", other)))
    }
    // The length of a set's name before kernel 4.14.
    #expect(branch.sets.allSatisfy { $0.name.utf8.count <= 63 })
  }

  @Test(
    "after a flush of the table the chain follows from its name, except the ranges",
    arguments: AddressFamily.allCases)
  func named(family: AddressFamily) throws {
    let branch = OnDemandChain.denied(try Sample.denied(family))
    let read = try #require(OnDemandChain.firewall(named: branch.name))
    #expect(read.name == branch.name)
    #expect(
      read.sets.map { Table.own.create($0).bytes(sequence: 0) }
        == branch.sets.map { Table.own.create($0).bytes(sequence: 0) })
    #expect(read.rules.map(\.expressions) == branch.rules.map(\.expressions) && !read.rules.isEmpty)
    #expect(read.fixtures.isEmpty && !branch.fixtures.isEmpty)
    #expect(read.jumps.map(\.expressions) == branch.jumps.map(\.expressions))
    #expect(read.use == branch.use)
  }

  @Test(
    "other names are not chains of lists",
    arguments: [
      "", "denied", "denied4", "denied5_x", "restrictions", "xdenied4_y", "accepted", "marked", "unmarked", "forwarded",
    ])
  func otherNames(name: String) {
    #expect(OnDemandChain.firewall(named: name) == nil)
  }

  @Test(
    "containers are restricted by address, by veth, or by bridge if the address is unknown",
    arguments: AddressFamily.allCases)
  func denied(family: AddressFamily) throws {
    let branch = OnDemandChain.denied(try Sample.denied(family))
    let name = branch.name
    #expect(branch.jumps.allSatisfy { $0.chain == Feature.restrictions && $0.jump == name && $0.position == .head })
    let (veths, bridges) = ("\(name)_veths", "\(name)_bridges")
    #expect(
      branch.jumps.map(\.expressions) == [
        Match.address(.source, family, in: name) + [.jump(name)],
        Match.family(family) + Match.interfaces(NFT_META_IIFNAME, NFT_META_IIFNAME, in: veths) + [.jump(name)],
        Match.interfaces(NFT_META_IIFNAME, NFT_META_IIFNAME, in: bridges)
          + Match.address(.source, family, in: Feature.containers(family).name, isNegated: true) + [.jump(name)],
      ])
    try #require(branch.rules.count == 2)
    #expect(branch.rules.allSatisfy { $0.chain == name })
    #expect(branch.rules[0].expressions == Match.ofKnownConnection + [.return])
    #expect(branch.rules[1].expressions == Match.address(.destination, family, in: "\(name)_ranges") + [.drop])
    #expect(branch.use == 5)
    for rule in branch.rules + branch.jumps { #expect(try rule.reread() == rule.expressions) }
    #expect(branch.sets.map(\.name) == [name, veths, bridges, "\(name)_ranges"])
    let pair: [DataType] = [.interfaceName, .interfaceName]
    #expect(branch.sets.map(\.key) == [[.address(family)], pair, pair, [.address(family)]])
    #expect(branch.sets.map(\.isInterval) == [false, false, false, true])
  }

  @Test("ranges are the elements of a set of intervals, without owners")
  func ranges() throws {
    let branch = OnDemandChain.denied(try Sample.denied(.ip))
    let set = try #require(branch.sets.last)
    #expect(set.name == "\(branch.name)_ranges" && set.isInterval && set.key == [.ipv4Address])
    let expected: [([UInt8], Bool)] = [
      ([0, 0, 0, 0], true), ([10, 0, 0, 0], false), ([10, 1, 0, 0], true), ([10, 2, 0, 0], false),
      ([11, 0, 0, 0], true),
    ]
    #expect(branch.fixtures.map(\.id.key) == expected.map(\.0))
    #expect(branch.fixtures.map(\.endsInterval) == expected.map(\.1))
    #expect(branch.fixtures.allSatisfy { $0.comment == nil && $0.id.set == set.name })
    let six = OnDemandChain.denied(try Sample.denied(.ip6))
    #expect(six.fixtures.map(\.endsInterval) == [true, false])
  }

  @Test("if everything is denied one element begins a range without an end", arguments: AddressFamily.allCases)
  func everything(family: AddressFamily) throws {
    let branch = OnDemandChain.denied(Self.everything(family))
    #expect(branch.fixtures.map(\.id.key) == [[UInt8](repeating: 0, count: family.bits / 8)])
    #expect(branch.fixtures.map(\.endsInterval) == [false])
    #expect(branch.rules.map(\.expressions.last) == [.return, .drop])
  }
}

// MARK: - The sets of a list's bridges

extension OnDemandChainFirewallTests {
  @Test(
    "the set of a list's bridges is found by the name of a set of members", arguments: AddressFamily.allCases,
    ["cni0", "br-0123456789ab", "fifteen_bytes_x", "_", "_x", "b_bridges_1", "lo", "b.1", "böse0"])
  func deniedBridges(family: AddressFamily, bridge: String) throws {
    let name = OnDemandChain.denied(try Sample.denied(family)).name
    let set = OnDemandChain.deniedBridges(name)
    #expect(set.name == "\(name)_bridges")
    let members = SharedElement(bridge: bridge, in: set).members.name
    #expect(members.hasPrefix("\(name)_bridges_"))
    #expect(OnDemandChain.deniedBridges(byMembersOf: members)?.name == set.name)
    #expect(SharedElement.shared(byMembersOf: members, in: .firewall)?.name == set.name)
    #expect(SharedElement.shared(byMembersOf: members, in: .ports) == nil)
    // The length of a set's name before kernel 4.14.
    #expect(members.utf8.count <= 63)
  }

  @Test(
    "other sets are not sets of members of a list's bridge",
    arguments: [
      "", "denied4_a_b", "denied4_a_b_bridges", "denied4_a_b_veths", "denied4_a_b_veths_cni0", "denied4_a_b_ranges_x",
      "denied5_a_b_bridges_cni0", "xdenied4_a_b_bridges_cni0", "denied4_a_bridges_cni0", "bridges_cni0", "bridges",
      "denied4_a_b_bridge_cni0", "_____",
    ])
  func noMembers(set: String) {
    #expect(OnDemandChain.deniedBridges(byMembersOf: set) == nil)
  }

  @Test("the shared sets are those of the feature and of its lists, not the sets of members")
  func sharedSets() throws {
    let name = OnDemandChain.denied(try Sample.denied(.ip)).name
    let own = Feature.firewall.sharedSets.map(\.name)
    let names =
      own + [name, "\(name)_bridges", "\(name)_bridges_cni0", "\(name)_veths", "\(name)_ranges", "bridges_cni0"]
    #expect(Feature.firewall.sharedSets(among: names).map(\.name) == own + ["\(name)_bridges"])
    #expect(Feature.ports.sharedSets(among: names).isEmpty)
  }
}

// MARK: - The bit of the fwmark

extension OnDemandChainFirewallTests {
  @Test("a bit of the fwmark has a chain that sets it, before the accept, and one that clears it", arguments: 0...31)
  func marking(bit: Int) throws {
    let branches = OnDemandChain.marking(bit: bit)
    #expect(branches.map(\.name) == ["mark_\(bit)", "unmark_\(bit)"])
    #expect(branches.map { $0.jumps.map(\.chain) } == [[Feature.marked], [Feature.unmarked]])
    for (branch, isSet) in zip(branches, [true, false]) {
      #expect(branch.sets.isEmpty && branch.fixtures.isEmpty)
      #expect(branch.rules.map(\.chain) == [branch.name])
      #expect(branch.rules.map(\.expressions) == [Match.setMark(bit: bit, isSet)])
      #expect(branch.jumps.map(\.expressions) == [[.jump(branch.name)]])
      #expect(branch.jumps.map(\.position) == [.head])
      for rule in branch.rules + branch.jumps { #expect(try rule.reread() == rule.expressions) }
      let read = try #require(OnDemandChain.firewall(named: branch.name))
      #expect(read.name == branch.name && read.use == 2)
      #expect(read.rules.map(\.expressions) == branch.rules.map(\.expressions))
      #expect(read.jumps.map(\.expressions) == branch.jumps.map(\.expressions))
    }
  }

  @Test(
    "only names with the number of a bit, as we write it, are chains of bits",
    arguments: [
      "mark_", "unmark_", "mark_32", "unmark_32", "mark_-1", "mark_+5", "mark_012", "unmark_00", "mark_1x", "mark_ 1",
      "mark_99999999999999999999", "xmark_1", "mark_1_", "mark", "unmark", "MARK_1",
    ])
  func noMarking(name: String) {
    #expect(OnDemandChain.firewall(named: name) == nil)
  }

  @Test("the chains of fwmark bits belong to no network, because several may use them")
  func noNetworks() {
    for branch in OnDemandChain.marking(bit: 12) {
      for network in ["", "net", "mark", "12"] {
        #expect(!Feature.firewall.chainPrefixes(network).contains { branch.name.hasPrefix($0) })
      }
    }
  }
}
