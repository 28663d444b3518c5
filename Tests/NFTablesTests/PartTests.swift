// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CLinux
import Netlink
import Testing

@testable import NFTables

@Suite struct PartTests {
  @Test("every rule of the table is the same after it went over the wire, and none is there twice")
  func roundTrip() throws {
    for rule in Part.ports.rules { #expect(try rule.rereadText() == rule.text) }
    #expect(Set(Part.ports.rules.map { "\($0.chain) \($0.text)" }).count == Part.ports.rules.count)
  }

  @Test("every rule is in a chain of the table, jumps to one, and looks into one of its sets")
  func closed() {
    let chains = Set(Part.ports.chains.map(\.name))
    let sets = Set(Part.ports.sets.map(\.name))
    #expect(chains.count == Part.ports.chains.count)
    #expect(sets.count == Part.ports.sets.count)
    for rule in Part.ports.rules {
      #expect(chains.contains(rule.chain))
      #expect(rule.jump.map { chains.contains($0) } ?? true)
      #expect(sets.isSuperset(of: rule.expressions.compactMap { ($0 as? Lookup)?.set }))
    }
    #expect(Set(Part.ports.rules.compactMap(\.jump)) == Set(Part.ports.chains.filter { $0.hook == nil }.map(\.name)))
  }

  @Test("only traffic for this host is translated")
  func onlyLocal() {
    for rule in Part.ports.rules where ["prerouting", "output"].contains(rule.chain) {
      #expect(rule.expressions.contains { $0 is LoadDestinationType })
    }
    #expect(Part.ports.rules.count { ["prerouting", "output"].contains($0.chain) } == 4)
  }

  @Test("a chain is used at least by its own rules and by jumps to it")
  func leastUse() {
    let uses = Dictionary(Part.ports.chains.map { ($0.name, Part.ports.leastUse($0.name)) }) { first, _ in first }
    #expect(
      uses == [
        "guard": 2, "prerouting": 2, "output": 2, "postrouting": 1, "masquerading": 1, "hostip_hostports4": 4,
        "hostip_hostports6": 4, "hostports4": 2, "hostports6": 2,
      ])
  }

  @Test("names of the families are different, and the table's name is said to the kernel")
  func names() throws {
    #expect(AddressFamily.allCases.map(\.suffix) == ["4", "6"])
    #expect(try Table.message().attributes()[Int(NFTA_TABLE_NAME.rawValue)]?.text == "swift_cni")
    #expect(Table.message().bytes(sequence: 0)[4...7] == [0, 10, 1, 4])
    #expect(try Table.get().attributes()[Int(NFTA_TABLE_NAME.rawValue)]?.text == "swift_cni")
    #expect(Table.get().bytes(sequence: 0)[4...7] == [1, 10, 1, 0])
  }

  @Test(
    "a table that somebody has put to sleep is told from one that works",
    arguments: [(nil, false), (0, false), (1, true), (3, true), (2, false)] as [(UInt32?, Bool)])
  func dormant(flags: UInt32?, expected: Bool) throws {
    var message = NetlinkMessage(nft: NFT_MSG_NEWTABLE)
    if let flags { message.attribute(NFTA_TABLE_FLAGS.rawValue, flags.bigEndian) }
    #expect(Table.isDormant(try message.received()) == expected)
  }
}
