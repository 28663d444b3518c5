// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CLinux
import Netlink
import Testing

@testable import NFTables

@Suite struct TableTests {
  private static let families: [(Table.Family, UInt8)] = [
    (.inet, 1), (.ip, 2), (.arp, 3), (.netdev, 5), (.bridge, 7), (.ip6, 10),
  ]

  @Test("every message about a table is of its family and names it", arguments: families)
  func messages(family: Table.Family, number: UInt8) throws {
    let table = Table(family, "t")
    #expect(table.description == "\(family) t")
    for message in [table.create(), table.ensure(), table.get()] {
      #expect(message.bytes(sequence: 0).dropFirst(16).prefix(4) == [number, 0, 0, 0])
      #expect(try message.attributes()[Int(NFTA_TABLE_NAME.rawValue)]?.text == "t")
    }
    for message in [
      table.create(Chain("c")), table.listChains(), table.create(NamedSet("s", key: [.ipv4Address])), table.listSets(),
      table.add(NFTRule("c", [.accept])), table.listRules(), table.list(elementsOf: "s"),
    ] {
      #expect(message.bytes(sequence: 0)[16] == number)
      // The table's name is the first attribute of all of them.
      #expect(try message.attributes()[1]?.text == "t")
    }
  }

  @Test("a table that is made is awake, and one that must only be there stays as it is")
  func dormant() throws {
    #expect(try table.create().attributes()[Int(NFTA_TABLE_FLAGS.rawValue)] == [0, 0, 0, 0])
    #expect(try table.ensure().attributes()[Int(NFTA_TABLE_FLAGS.rawValue)] == nil)
    #expect(!Table.isDormant(try table.create().received()))
    var sleeping = table.ensure()
    sleeping.attribute(NFTA_TABLE_FLAGS.rawValue, UInt32(NFT_TABLE_F_DORMANT.rawValue).bigEndian)
    #expect(Table.isDormant(try sleeping.received()))
  }
}
