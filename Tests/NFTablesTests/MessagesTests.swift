// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CLinux
import Netlink
import Testing

@testable import NFTables

@Suite struct MessagesTests {
  @Test("a batch begins and ends for nf_tables, of a generation if it says so")
  func batch() {
    let begin = NetlinkMessage.batchBegin(generation: nil).bytes(sequence: 0)
    #expect(begin[4...7] == [0x10, 0, 1, 0])
    #expect(begin.dropFirst(16) == [0, 0, 0, 10])
    let generation = NetlinkMessage.batchBegin(generation: 0x0102_0304).bytes(sequence: 0)
    #expect(generation.dropFirst(20) == [8, 0, 1, 0, 1, 2, 3, 4])
    let end = NetlinkMessage.batchEnd().bytes(sequence: 0)
    #expect(end[4...7] == [0x11, 0, 1, 0])
    #expect(end.dropFirst(16) == [0, 0, 0, 10])
  }

  @Test("a message about our table is of both families, of another table of its own")
  func families() {
    #expect(NetlinkMessage(nft: NFT_MSG_NEWTABLE).bytes(sequence: 0).dropFirst(16) == [1, 0, 0, 0])
    #expect(NetlinkMessage(nft: NFT_MSG_NEWTABLE, family: 10).bytes(sequence: 0).dropFirst(16) == [10, 0, 0, 0])
  }

  @Test("a text ends with NUL, a value is nested")
  func attributes() throws {
    var message = NetlinkMessage(nft: NFT_MSG_NEWTABLE)
    message.attribute(1, text: "ab")
    message.attribute(2, data: [7])
    #expect(try message.attributes()[1] == [0x61, 0x62, 0])
    #expect(try message.attributes().nested(2)[1] == [7])
  }

  @Test("upstream's tables are asked for by family and name")
  func foreignTables() throws {
    #expect(ForeignTable.all.map(\.family) == [2, 10])
    for table in ForeignTable.all {
      #expect(try table.get().attributes()[Int(NFTA_TABLE_NAME.rawValue)]?.text == "cni_hostport")
      #expect(table.get().bytes(sequence: 0)[16] == table.family)
    }
  }
}
