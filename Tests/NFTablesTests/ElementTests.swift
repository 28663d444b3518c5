// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CLinux
import Netlink
import Testing

@testable import NFTables

@Suite struct ElementTests {
  private static func read(_ messages: [NetlinkMessage]) throws -> [StoredElement] {
    try messages.flatMap { StoredElement.read(try $0.received()) }
  }

  private let mapping = Element(
    "hostports4", key: [6, 0, 0, 0, 0x1f, 0x90, 0, 0], data: [10, 0, 0, 1, 0, 80, 0, 0], comment: Comment(text: "a/b/c")
  )
  private let limit = Element("set", key: [10, 0, 0, 0], comment: nil, endsInterval: true)

  @Test("an element on the wire is read as it was")
  func roundTrip() throws {
    for element in [mapping, limit, Element("set", key: [1], comment: nil)] {
      let stored = try Self.read(table.add([element], exclusively: true))
      #expect(stored.map(\.element) == [element])
      #expect(stored.map(\.timeout) == [nil])
    }
  }

  @Test("a timeout is read as it was, and none of 0")
  func timeout() throws {
    let timed = try Self.read(table.add([mapping], exclusively: false, timeout: 1))
    #expect(timed.map(\.timeout) == [1])
    #expect(timed.map(\.element) == [mapping])
    #expect(try Self.read(table.add([mapping], exclusively: false, timeout: 0)).map(\.timeout) == [nil])
  }

  @Test("an element alone has the bytes of the kernel's format")
  func golden() throws {
    let element = Element("s", key: [1, 2, 3, 4], data: [9], comment: Comment(text: "c"))
    let bytes = try #require(table.add([element], exclusively: false).first).bytes(sequence: 0)
    let table = [14, 0, 1, 0] + Array("swift_cni\0".utf8) + [0, 0]
    let set: [UInt8] = [6, 0, 2, 0, 0x73, 0, 0, 0]
    let key: [UInt8] = [12, 0, 1, 0x80, 8, 0, 1, 0, 1, 2, 3, 4]
    let data: [UInt8] = [12, 0, 2, 0x80, 5, 0, 1, 0, 9, 0, 0, 0]
    let comment: [UInt8] = [8, 0, 6, 0, 0, 2, 0x63, 0]
    let elements = [40, 0, 3, 0x80, 36, 0, 1, 0x80] + key + data + comment
    #expect(Array(bytes.dropFirst(20)) == table + set + elements)
    #expect(bytes[4...7] == [12, 10, 1, 4])  // NEWSETELEM of nf_tables, NLM_F_CREATE
  }

  @Test("an element that must not be there yet is said to be new")
  func exclusively() throws {
    let bytes = try #require(table.add([mapping], exclusively: true).first).bytes(sequence: 0)
    #expect(bytes[6...7] == [1, 6])  // NLM_F_EXCL as well
  }

  @Test("a deletion names the key only")
  func deletion() throws {
    let messages = table.delete([mapping])
    #expect(try #require(messages.first).bytes(sequence: 0)[4...5] == [14, 10])
    let read = try Self.read(messages).map(\.element)
    #expect(read == [Element(mapping.id, comment: nil)])
  }

  @Test("a question names the key, or the whole set for a dump")
  func questions() throws {
    let get = table.get(mapping.id)
    #expect(StoredElement.read(try get.received()).map(\.element.id) == [mapping.id])
    #expect(get.bytes(sequence: 0)[4...7] == [13, 10, 1, 0])
    let list = table.list(elementsOf: "hostports4")
    #expect(try list.attributes()[Int(NFTA_SET_ELEM_LIST_SET.rawValue)]?.text == "hostports4")
    #expect(list.bytes(sequence: 0)[4...7] == [13, 10, 1, 3])  // NLM_F_DUMP
  }

  @Test(
    "many elements take several messages, none of them too long, and none is lost", arguments: [0, 1, 100, 101, 1000])
  func many(count: Int) throws {
    let comment = Comment(text: String(repeating: "x", count: Comment.limit))
    let elements = (0..<count).map { index in
      let key = [UInt8(index >> 8), UInt8(index & 0xff)] + [UInt8](repeating: 7, count: 38)
      return Element("masquerade6_64", key: key, data: [UInt8](repeating: 1, count: 20), comment: comment)
    }
    let messages = table.add(elements, exclusively: true, timeout: 1)
    #expect(messages.allSatisfy { $0.bytes(sequence: 0).count < 65_536 })
    #expect(try Self.read(messages).map(\.element) == elements)
  }

  @Test("an answer without elements holds none")
  func nothing() throws {
    #expect(StoredElement.read(try NetlinkMessage(nfTables: NFT_MSG_NEWSETELEM, family: 1).received()).isEmpty)
  }

  private let several = ["b", "a", "b"].enumerated().map { index, set in
    Element(set, key: [UInt8(index)], comment: Comment(text: "x"))
  }

  @Test("elements go in one message a set")
  func bySet() throws {
    for messages in [table.add(several, exclusively: true), table.delete(several), table.expire(several, in: 1)] {
      let ids = try messages.map { StoredElement.read(try $0.received()).map(\.element.id) }
      #expect(ids == [[several[0].id, several[2].id], [several[1].id]])
    }
    #expect(table.add([], exclusively: true).isEmpty)
  }

  @Test("elements that are to go get a timeout, of which 0 is none")
  func expiry() throws {
    func timeouts(_ expiry: UInt64) throws -> [UInt64?] {
      try table.expire([several[0]], in: expiry).flatMap { StoredElement.read(try $0.received()).map(\.timeout) }
    }
    #expect(try timeouts(1) == [1])
    #expect(try timeouts(0) == [nil])
  }
}
