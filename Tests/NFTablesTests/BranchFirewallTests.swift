// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI
import Rules
import Testing

@testable import NFTables

@Suite struct BranchFirewallTests {
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
    let ids = ([denied] + others).map { Branch.deniedID($0) }
    #expect(Set(ids).count == ids.count)
    #expect(ids.allSatisfy { $0.utf8.count == 17 })
    #expect(Branch.deniedID(try Sample.denied(family)) == ids[0])
  }

  @Test("the name says family and ID, and begins as all of its network do", arguments: AddressFamily.allCases)
  func names(family: AddressFamily) throws {
    let branch = Branch.denied(try Sample.denied(family))
    #expect(branch.chain == Branch.deniedName(family, Branch.deniedID(try Sample.denied(family))))
    #expect(branch.chain.hasPrefix(family == .ip ? "denied4_" : "denied6_"))
    for other in AddressFamily.allCases {
      #expect(branch.chain.hasPrefix(Branch.deniedPrefix(ofNetwork: "net", other)) == (other == family))
      #expect(!branch.chain.hasPrefix(Branch.deniedPrefix(ofNetwork: "net2", other)))
    }
    // The length of a set's name before kernel 4.14.
    #expect(branch.sets.allSatisfy { $0.name.utf8.count <= 63 })
  }

  @Test("what follows from the name alone is the set of containers and the jump", arguments: AddressFamily.allCases)
  func named(family: AddressFamily) throws {
    let branch = Branch.denied(try Sample.denied(family))
    let read = try #require(Branch.firewall(named: branch.chain))
    #expect(read.chain == branch.chain)
    #expect(read.sets.map(\.name) == [branch.chain])
    #expect(read.sets.map(\.key) == [[.address(family)]])
    #expect(read.body.isEmpty && read.fixtures.isEmpty)
    #expect(read.jumps.map(\.expressions) == branch.jumps.map(\.expressions))
  }

  @Test("other names are no lists", arguments: ["", "denied", "denied4", "denied5_x", "restrictions", "xdenied4_y"])
  func otherNames(name: String) {
    #expect(Branch.firewall(named: name) == nil)
  }

  @Test("containers are restricted by their source, but for answers", arguments: AddressFamily.allCases)
  func denied(family: AddressFamily) throws {
    let branch = Branch.denied(try Sample.denied(family))
    #expect(branch.jumps.map(\.chain) == [Part.restrictions])
    #expect(branch.jumps.map(\.jump) == [branch.chain])
    #expect(
      branch.jumps.map(\.expressions) == [
        Match.address(.source, family, in: branch.chain) + [.jump(branch.chain)]
      ])
    #expect(branch.jumps.allSatisfy { $0.end == .head })
    try #require(branch.body.count == 2)
    #expect(branch.body.allSatisfy { $0.chain == branch.chain })
    #expect(branch.body[0].expressions == Match.ofKnownConnection + [.return])
    let ranges = "\(branch.chain)_ranges"
    #expect(branch.body[1].expressions == Match.address(.destination, family, in: ranges) + [.drop])
    #expect(branch.use == 3)
    for rule in branch.body + branch.jumps { #expect(try rule.reread() == rule.expressions) }
  }

  @Test("ranges are the elements of a set of intervals, which belong to nobody")
  func ranges() throws {
    let branch = Branch.denied(try Sample.denied(.ip))
    let set = try #require(branch.sets.last)
    #expect(branch.sets.count == 2)
    #expect(set.name == "\(branch.chain)_ranges" && set.isInterval && set.key == [.ipv4Address])
    let expected: [([UInt8], Bool)] = [
      ([0, 0, 0, 0], true), ([10, 0, 0, 0], false), ([10, 1, 0, 0], true), ([10, 2, 0, 0], false),
      ([11, 0, 0, 0], true),
    ]
    #expect(branch.fixtures.map(\.place.key) == expected.map(\.0))
    #expect(branch.fixtures.map(\.endsInterval) == expected.map(\.1))
    #expect(branch.fixtures.allSatisfy { $0.comment == nil && $0.place.set == set.name })
    let six = Branch.denied(try Sample.denied(.ip6))
    #expect(six.fixtures.map(\.endsInterval) == [true, false])
  }

  @Test("where everything is denied no set is asked, as none can hold every address", arguments: AddressFamily.allCases)
  func everything(family: AddressFamily) throws {
    let branch = Branch.denied(Self.everything(family))
    #expect(branch.sets.map(\.name) == [branch.chain])
    #expect(branch.fixtures.isEmpty)
    #expect(branch.body.map(\.expressions.last) == [.return, .drop])
    #expect(branch.body.last?.expressions.count == 1)
    #expect(branch.use == 3)
  }
}
