// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CLinux
import Netlink
import Testing

@testable import NFTables

@Suite struct BatchTests {
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

  @Test("a text ends with NUL, a value is nested")
  func attributes() throws {
    var message = NetlinkMessage(nfTables: NFT_MSG_NEWTABLE, family: 1)
    message.attribute(1, text: "ab")
    message.attribute(2, data: [7])
    #expect(try message.attributes()[1] == [0x61, 0x62, 0])
    #expect(try message.attributes().nested(2)[1] == [7])
  }

  @Test(
    "only what takes something out of a ruleset is a deletion",
    arguments: [NFT_MSG_DELTABLE, NFT_MSG_DELCHAIN, NFT_MSG_DELRULE, NFT_MSG_DELSET, NFT_MSG_DELSETELEM])
  func deletions(type: nf_tables_msg_types) {
    #expect(NetlinkMessage(nfTables: type, family: 1).deletes)
    // The message before it in the kernel's list asks for the same thing, and the one before that makes it.
    for other in [type.rawValue - 1, type.rawValue - 2] {
      #expect(!NetlinkMessage(nfTables: nf_tables_msg_types(rawValue: other), family: 1).deletes)
    }
    #expect(!NetlinkMessage(type: UInt16(type.rawValue)).deletes)
  }
}
