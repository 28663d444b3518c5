// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI
import Rules
import Testing

@testable import IPTables

@Suite struct MarkingTests {
  private static let owner = OwnerTag(Owner(network: "net", containerID: "id", interface: "eth0"))

  /// The marks of the owner as iptables-save prints them.
  private static func marks(_ marking: Marking, _ owner: OwnerTag = owner) throws -> [String] {
    let wishes: [Wish] = [
      .accept(try #require(IPAddress("10.22.0.5"))), .accept(try #require(IPAddress("fd00::5"))),
      .isolation(of: "cni0", .sameBridge), .isolation(of: "a-bridge-with15", .isolated),
    ]
    return wishes.map { wish in
      let (chain, rule) = marking.mark(wish, owner)
      return "-A \(chain) \(rule.text)"
    }
  }

  @Test("by owner: the chain is named by the owner's hash, as long as the peer's, and a comment tells the owner")
  func byOwner() throws {
    // printf net/id/eth0 | sha512sum
    let (chain, comment) = ("CNI-FO-ef59506865d5ba66a96d1", #"-m comment --comment "net/id/eth0" -j"#)
    #expect(
      try Self.marks(.byOwner) == [
        "-A \(chain) -s 10.22.0.5/32 \(comment) CNI-OWNERS", "-A \(chain) -s fd00::5/128 \(comment) CNI-OWNERS",
        "-A \(chain) \(comment) CNI-FB-cni0", "-A \(chain) \(comment) CNI-FI-a-bridge-with15",
      ])
  }

  @Test("by wish: the network and the owner's hash stand in the place of interfaces")
  func byWish() throws {
    let label = "-i net -o ef59506865d5ba6 -j RETURN"
    #expect(
      try Self.marks(.byWish) == [
        "-A CNI-OWNERS -s 10.22.0.5/32 \(label)", "-A CNI-OWNERS -s fd00::5/128 \(label)",
        "-A CNI-FB-cni0 \(label)", "-A CNI-FI-a-bridge-with15 \(label)",
      ])
  }

  @Test("a network whose name is too long for an interface is told by its hash, the same for all its owners")
  func longNetwork() throws {
    for name in ["15-byte-network", "16-bytes-network", String(repeating: "n", count: 200)] {
      let tags = ["a", "b"].map { OwnerTag(Owner(network: name, containerID: $0, interface: "eth0")) }
      let labels = tags.map { MarkLabel($0) }
      #expect(labels[0].network == labels[1].network && labels[0].owner != labels[1].owner)
      #expect(labels[0].network == MarkLabel.network(ofTags: String(OwnerTag.prefix(ofNetwork: name).dropLast())))
      #expect(labels[0].network.value.name.utf8.count == 15)
      #expect((labels[0].network.value.name == name) == (name.utf8.count == 15))
    }
  }

  @Test("a mark that is read is the mark that was written; other rules are none", arguments: Marking.allCases)
  func reading(marking: Marking) throws {
    let scene = FirewallScene(marking)
    let wanted = try FirewallScene.wanted(FirewallScene.owner(), ["10.22.0.5"], .isolated)
    try scene.add(wanted)
    try scene.tables.append(
      ["-j CNI-OWNERS", "-s 10.22.0.6/32 -j ACCEPT", "-j OTHER"], to: "OTHER", of: scene.table)
    try scene.tables.append(["-j RETURN", "-s 10.22.0.7/32 -j RETURN"], to: "CNI-OTHER", of: scene.table)
    let wishes = FirewallRules(wanted, .ip).wishes
    let found = try scene.tables.change(scene.table) { (edit) throws(CNIError) in
      try edit.allRules(holding: nil).compactMap { Marking.mark($0.rule, in: $0.chain)?.wish }
    }
    #expect(Set(found) == Set(wishes) && found.count == wishes.count)
    let own = try scene.tables.change(scene.table) { (edit) throws(CNIError) in
      let marks = try edit.marks(of: OwnerTag(FirewallScene.owner()))
      let others = try edit.marks(of: OwnerTag(FirewallScene.owner("other")))
      return (marks.addresses, marks.bridges, others.isEmpty)
    }
    #expect(own.0 == [try #require(IPAddress("10.22.0.5"))] && own.1 == ["cni0", "cni0"] && own.2)
  }

  @Test("what somebody has written differently in a mark is written again", arguments: Marking.allCases)
  func changed(marking: Marking) throws {
    let scene = FirewallScene(marking)
    let wanted = try FirewallScene.wanted(FirewallScene.owner(), ["10.22.0.5"], .sameBridge)
    try scene.add(wanted)
    let whole = scene.tables.rules(scene.table).sorted()
    try scene.tables.change(scene.table) { (edit) throws(CNIError) in
      for mark in try edit.marks(of: OwnerTag(wanted.owner)).marks {
        edit.remove(mark.placed, from: mark.chain)
        guard var rule = mark.placed.rule else { continue }
        rule.transport = Negatable(.tcp)
        edit.append(rule, to: mark.chain)
      }
    }
    #expect(try !scene.backend().verify(wanted).isEmpty)
    try scene.add(wanted)
    #expect(scene.tables.rules(scene.table).sorted() == whole)
    #expect(try scene.backend().verify(wanted).isEmpty)
  }
}
