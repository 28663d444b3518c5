// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI
import Rules
import Testing

@testable import IPTables

/// The rules that containers of one network have in tables of a test.
@Suite struct IPTablesMasqueradeTests {
  private let transport = MemoryTransport()
  private let table = IPTable(.nat, .ip)

  private var masquerade: IPTablesMasquerade {
    IPTablesMasquerade(transport, places: [transport], note: { Issue.record("\($0)") })
  }

  private static func owner(_ container: String, _ interface: String = "eth0", network: String = "net")
    -> CNI.Attachment
  {
    CNI.Attachment(network: network, containerID: container, interface: interface)
  }

  private static func request(_ owner: CNI.Attachment, _ sources: String...) throws -> MasqueradeRequest {
    MasqueradeRequest(owner, try sources.map { try #require(Prefix($0)) })
  }

  private static func hint(_ request: MasqueradeRequest) -> MasqueradeHint {
    MasqueradeHint(request.attachment, request.sources)
  }

  /// What leads to a container's chain, and what is in it, without comments and the chain's name.
  private func rules(_ container: String, network: String = "net") -> (entries: [String], chain: [String]) {
    let owner = Self.owner(container, network: network)
    let rules = MasqueradeRules(of: owner, .ip)
    func plain(_ text: String) -> String {
      text.replacing(RuleMatch.comment(CommentMatch(rules.comment)).text + " ", with: "").replacing(
        rules.chain, with: "X")
    }
    return (
      transport.rules(table, "POSTROUTING").filter { $0.hasSuffix(rules.chain) }.map(plain),
      transport.rules(table, rules.chain).map(plain)
    )
  }

  @Test("ADD makes upstream's rules by one change, CHECK finds them, and another ADD changes nothing")
  func added() throws {
    try transport.append(["-s 10.0.0.0/8 -j ACCEPT"], to: "POSTROUTING", of: table)
    let request = try Self.request(Self.owner("c"), "10.22.0.2/16")
    #expect(try masquerade.verify(request).count == 4)
    _ = try masquerade.apply(request)
    #expect(transport.commits == 1)
    #expect(transport.rules(table, "POSTROUTING").first == "-s 10.0.0.0/8 -j ACCEPT")
    #expect(rules("c").entries == ["-s 10.22.0.2/32 -j X"])
    #expect(rules("c").chain == ["-d 10.22.0.0/16 -j ACCEPT", "! -d 224.0.0.0/4 -j MASQUERADE"])
    #expect(try masquerade.verify(request) == [])
    _ = try masquerade.apply(request)
    #expect(transport.commits == 1)
    try masquerade.remove(Self.hint(request))
    #expect(transport.rules(table) == ["-A POSTROUTING -s 10.0.0.0/8 -j ACCEPT"])
    #expect(transport.chains[table]?.keys.sorted() == ["POSTROUTING"])
  }

  @Test(
    "a second interface shares the chain; with the first gone its rules stay, and the subnet of the first alone goes")
  func shared() throws {
    let first = try Self.request(Self.owner("c"), "10.22.0.2/16")
    let second = try Self.request(Self.owner("c", "eth1"), "10.22.0.3/16", "10.23.0.3/16")
    for request in [first, second] { _ = try masquerade.apply(request) }
    #expect(rules("c").entries.count == 3)
    #expect(
      rules("c").chain == ["-d 10.22.0.0/16 -j ACCEPT", "-d 10.23.0.0/16 -j ACCEPT", "! -d 224.0.0.0/4 -j MASQUERADE"])
    try masquerade.remove(Self.hint(first))
    #expect(rules("c").entries == ["-s 10.22.0.3/32 -j X", "-s 10.23.0.3/32 -j X"])
    #expect(try masquerade.verify(second) == [])
    try masquerade.remove(Self.hint(try Self.request(Self.owner("c", "eth1"), "10.22.0.3/16")))
    #expect(rules("c").chain == ["-d 10.23.0.0/16 -j ACCEPT", "! -d 224.0.0.0/4 -j MASQUERADE"])
    try masquerade.remove(Self.hint(second))
    #expect(transport.rules(table) == [])
  }

  @Test("without addresses all of the container in the network goes, found by the chain's name")
  func unknown() throws {
    for container in ["c", "d"] {
      _ = try masquerade.apply(try Self.request(Self.owner(container), "10.22.0.2/16", "10.22.0.3/16"))
    }
    try masquerade.remove(MasqueradeHint(Self.owner("c"), []))
    #expect(rules("c").entries == [] && rules("c").chain == [])
    #expect(rules("d").entries.count == 2)
    let commits = transport.commits
    try masquerade.remove(MasqueradeHint(Self.owner("e"), []))
    #expect(transport.commits == commits)
  }

  @Test("an entry of an old version, with the subnet as its source, goes with the address")
  func former() throws {
    let request = try Self.request(Self.owner("c"), "10.22.0.2/16")
    let owned = MasqueradeRules(of: request.attachment, .ip)
    let comment = RuleMatch.comment(CommentMatch(owned.comment)).text
    try transport.append(
      ["-d 10.22.0.0/16 \(comment) -j ACCEPT", "! -d 224.0.0.0/4 \(comment) -j MASQUERADE"], to: owned.chain, of: table)
    try transport.append(["-s 10.22.0.0/16 \(comment) -j \(owned.chain)"], to: "POSTROUTING", of: table)
    try masquerade.remove(Self.hint(request))
    #expect(transport.rules(table) == [])
  }

  @Test("when the entries are flushed the chain still goes")
  func flushed() throws {
    let request = try Self.request(Self.owner("c"), "10.22.0.2/16")
    let owned = MasqueradeRules(of: request.attachment, .ip)
    try transport.append(["-j ACCEPT"], to: owned.chain, of: table)
    try masquerade.remove(Self.hint(request))
    #expect(transport.chains[table]?[owned.chain] == nil)
  }

  @Test("a pair of names with the same chain keeps its rules")
  func sameChain() throws {
    let one = try Self.request(Self.owner("1c", network: "net"), "10.22.0.2/16")
    let other = try Self.request(Self.owner("c", network: "net1"), "10.23.0.2/16")
    for request in [one, other] { _ = try masquerade.apply(request) }
    try masquerade.remove(MasqueradeHint(one.attachment, []))
    #expect(try masquerade.verify(other) == [])
    #expect(try masquerade.verify(one).count == 3)
    try masquerade.remove(Self.hint(other))
    #expect(transport.rules(table) == [])
  }

  @Test("undoing an ADD takes away what it has added, and no more")
  func undone() throws {
    let first = try Self.request(Self.owner("c"), "10.22.0.2/16")
    let second = try Self.request(Self.owner("c", "eth1"), "10.22.0.3/16")
    _ = try masquerade.apply(first)
    let before = transport.rules(table)
    try masquerade.apply(second).undo()
    #expect(transport.rules(table) == before)
    try masquerade.apply(first).undo()
    #expect(transport.rules(table) == before)
  }

  @Test("GC removes what no container of the list has, also a chain without entries, and nothing of other networks")
  func garbage() throws {
    for index in 0..<120 { _ = try masquerade.apply(try Self.request(Self.owner("c\(index)"), "10.22.1.\(index)/16")) }
    _ = try masquerade.apply(try Self.request(Self.owner("c1", network: "net2"), "10.23.0.2/16"))
    let lost = MasqueradeRules(of: Self.owner("lost"), .ip)
    try transport.append([lost.masquerading.text], to: lost.chain, of: table)
    try masquerade.removeAll(ofNetwork: "net", sparing: [Self.owner("c7").id])
    #expect(rules("c7").entries.count == 1 && rules("c7").chain.count == 2)
    #expect(rules("c1", network: "net2").entries.count == 1)
    #expect(transport.rules(table).count == 6)
    #expect(transport.chains[table]?.count == 3)
    // A hundred at once would take the kernel longer than others leave it alone.
    #expect(transport.commits == 121 + 3)
  }

  @Test("a probe checks the rules of both families, or of the one that there is")
  func probe() throws {
    try masquerade.probe()
    #expect(transport.rehearsed.count == 8)
    #expect(transport.rules(table) == [])
    let other = MemoryTransport()
    other.missingFamilies = [.ip6]
    try IPTablesMasquerade(other, places: [other], note: { _ in }).probe()
    #expect(other.rehearsed.count == 4)
  }
}
