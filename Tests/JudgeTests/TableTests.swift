// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CLinux
import CNftnl
import Testing

@testable import NFTables
@testable import OwnTable
@testable import Netlink

@Suite("tables of nf_tables, as libnftnl reads and writes them")
struct TableTests {
  @Test("libnftnl reads our table, and what asks for one")
  func read() throws {
    let made = try LibraryObject.reading(.table, Table.own.create())
    #expect(
      differences(
        made.fields,
        [
          NFTNL_TABLE_NAME.number: .text("swift_cni"), NFTNL_TABLE_FAMILY.number: .number(1),
          NFTNL_TABLE_FLAGS.number: .number(0),
        ]) == [])
    let asked = try LibraryObject.reading(.table, Table.own.get())
    #expect(
      differences(
        asked.fields,
        [NFTNL_TABLE_NAME.number: .text("swift_cni"), NFTNL_TABLE_FAMILY.number: .number(1)]) == [])
    for table in Table.upstreamPorts {
      let foreign = try LibraryObject.reading(.table, table.get())
      let meant: Fields = [
        NFTNL_TABLE_NAME.number: .text("cni_hostport"),
        NFTNL_TABLE_FAMILY.number: .number(UInt32(table.family.rawValue)),
      ]
      #expect(differences(foreign.fields, meant) == [])
    }
  }

  @Test("whether a table sleeps is read from what libnftnl builds", arguments: [0, 1] as [UInt32])
  func decoded(flags: UInt32) throws {
    let table = try LibraryObject.make(
      .table, [NFTNL_TABLE_NAME.number: .text("swift_cni"), NFTNL_TABLE_FLAGS.number: .number(flags)])
    #expect(Table.isDormant(try table.built(NFT_MSG_NEWTABLE)) == (flags == 1))  // NFT_TABLE_F_DORMANT
  }
}
