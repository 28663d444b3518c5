// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CLinux
import CNftnl
import Testing

@testable import NFTables
@testable import OwnTable
@testable import Netlink

@Suite("elements of sets and maps, as libnftnl reads and writes them")
struct ElementTests {
  static let elements: [(element: Element, timeout: UInt64?)] = [
    (Element("s", key: [10, 22, 0, 5], comment: nil), nil),
    (Element("s", key: [10, 22, 0, 5], comment: Comment(text: "net/id/eth0 trusted")), nil),
    (Element("s", key: [6, 0, 0, 0, 31, 144, 0, 0], data: [10, 22, 0, 5, 0, 80, 0, 0], comment: nil), nil),
    (Element("s", key: [UInt8](1...44), data: [UInt8](1...20), comment: Comment(text: "net/id/eth0")), 30_000),
    (Element("s", key: [0, 0], comment: nil, endsInterval: true), nil),
    (Element("s", key: [1, 0], comment: Comment(text: String(repeating: "c", count: 127)), endsInterval: true), nil),
  ]

  private static func fields(_ sample: (element: Element, timeout: UInt64?)) -> Fields {
    var fields: Fields = [NFTNL_SET_ELEM_KEY: .bytes(sample.element.id.key)]
    if !sample.element.data.isEmpty { fields[NFTNL_SET_ELEM_DATA] = .bytes(sample.element.data) }
    if sample.element.endsInterval { fields[NFTNL_SET_ELEM_FLAGS] = .number(1) }  // NFT_SET_ELEM_INTERVAL_END
    if let timeout = sample.timeout { fields[NFTNL_SET_ELEM_TIMEOUT] = .long(timeout) }
    if let comment = sample.element.comment { fields[NFTNL_SET_ELEM_USERDATA] = .bytes(userData(comment.text)) }
    return fields
  }

  private static let ofSet: Fields = [
    NFTNL_SET_FAMILY.number: .number(1), NFTNL_SET_TABLE.number: .text("swift_cni"),
    NFTNL_SET_NAME.number: .text("s"),
  ]

  /// Expects that libnftnl reads these elements, and nothing else, from a message.
  private static func expect(
    _ message: NetlinkMessage, holds meant: [Fields], sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let set = try LibraryObject.reading(.elements, message)
    #expect(differences(set.fields, ofSet) == [], sourceLocation: sourceLocation)
    let found = set.elements
    #expect(found.count == meant.count, sourceLocation: sourceLocation)
    for (element, fields) in zip(found, meant) {
      #expect(differences(element, fields) == [], sourceLocation: sourceLocation)
    }
  }

  @Test("libnftnl reads an element with its data, timeout, comment and flag", arguments: elements.indices)
  func read(index: Int) throws {
    let sample = Self.elements[index]
    for exclusively in [false, true] {
      let messages = Table.own.add([sample.element], exclusively: exclusively, timeout: sample.timeout)
      try #require(messages.count == 1)
      try Self.expect(messages[0], holds: [Self.fields(sample)])
    }
  }

  @Test("libnftnl reads all of many elements, which take several messages, and of intervals their ends")
  func many() throws {
    let keys = (0..<250).map { [UInt8($0 / 256), UInt8($0 % 256)] }
    let messages = Table.own.add(keys.map { Element("s", key: $0, comment: nil) }, exclusively: false)
    #expect(messages.count == 3)
    for (index, message) in messages.enumerated() {
      try Self.expect(message, holds: keys.dropFirst(100 * index).prefix(100).map { [NFTNL_SET_ELEM_KEY: .bytes($0)] })
    }
    let intervals = Table.own.add(Element.intervals("s", [([0, 80], [0, 90]), ([1, 0], nil)]), exclusively: false)
    let ends: [(key: [UInt8], isEnd: Bool)] = [([0, 0], true), ([0, 80], false), ([0, 90], true), ([1, 0], false)]
    try #require(intervals.count == 1)
    try Self.expect(
      intervals[0],
      holds: ends.map { Self.fields((Element("s", key: $0.key, comment: nil, endsInterval: $0.isEnd), nil)) })
  }

  @Test("libnftnl reads what deletes an element, and what asks for one or for all")
  func named() throws {
    let element = Self.elements[3].element
    let key: Fields = [NFTNL_SET_ELEM_KEY: .bytes(element.id.key)]
    let deletions = Table.own.delete([element])
    try #require(deletions.count == 1)
    try Self.expect(deletions[0], holds: [key])
    try Self.expect(Table.own.get(element.id), holds: [key])
    try Self.expect(Table.own.list(elementsOf: "s"), holds: [])
  }

  @Test("we read elements from what libnftnl builds")
  func decoded() throws {
    let set = try LibraryObject.make(.elements, Self.ofSet)
    for sample in Self.elements { try set.add(element: Self.fields(sample)) }
    let stored = StoredElement.read(try set.built(NFT_MSG_NEWSETELEM))
    #expect(stored.map(\.element) == Self.elements.map(\.element))
    #expect(stored.map(\.timeout) == Self.elements.map(\.timeout))
  }
}

extension LibraryObject {
  /// The elements that were read into a set.
  fileprivate var elements: [[Int: [UInt8]]] {
    collect { nftnl_set_elem_foreach(handle, $0, $1) }.map { element in
      read(element, 0..<UInt16(__NFTNL_SET_ELEM_MAX), nftnl_set_elem_is_set, nftnl_set_elem_get)
    }
  }

  fileprivate func add(element fields: Fields) throws {
    let element = try #require(nftnl_set_elem_alloc())
    for (attribute, value) in fields {
      let bytes = value.bytes
      let status = bytes.withUnsafeBytes {
        nftnl_set_elem_set(element, UInt16(attribute), $0.baseAddress, UInt32($0.count))
      }
      try #require(status == 0)
    }
    nftnl_set_elem_add(handle, element)
  }
}
