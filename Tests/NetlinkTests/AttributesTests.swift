// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Netlink
import Testing

@Suite struct AttributesTests {
  /// Types 1 (three bytes, padded), 2 (empty), 3 (nested: 1).
  private let whole: [UInt8] = [7, 0, 1, 0, 1, 2, 3, 0, 4, 0, 2, 0, 12, 0, 3, 0x80, 8, 0, 1, 0, 9, 8, 7, 6]

  @Test("attributes are found by their types, whatever the two highest bits say")
  func found() {
    let attributes = Attributes(whole[...])
    #expect(attributes[1] == [1, 2, 3])
    #expect(attributes[2] == [])
    #expect(attributes[3] == [8, 0, 1, 0, 9, 8, 7, 6])
    #expect(attributes[4] == nil)
    #expect(attributes.nested(3)[1] == [9, 8, 7, 6])
    #expect(attributes.nested(4)[1] == nil)
    #expect(Attributes([4, 0, 5, 0x40])[5] == [])
  }

  @Test("a list is in its order, with repeated types")
  func list() {
    let items = AttributeList([5, 0, 1, 0, 7, 0, 0, 0, 5, 0, 1, 0, 8]).map { ($0.type, Array($0.value)) }
    #expect(items.map(\.0) == [1, 1])
    #expect(items.map(\.1) == [[7], [8]])
    #expect(Attributes([5, 0, 1, 0, 7, 0, 0, 0, 5, 0, 1, 0, 8])[1] == [8])
  }

  @Test("the offset of a slice does not matter")
  func slice() {
    #expect(Attributes(([0xff, 0xff] + whole).dropFirst(2))[1] == [1, 2, 3])
  }

  @Test("whatever is cut off, what stands before it is read", arguments: 0...23)
  func truncated(count: Int) {
    let types = AttributeList(whole.prefix(count)).map(\.type)
    // The padding after the first attribute's value may be missing.
    let ends = [(7, 1), (12, 2), (24, 3)]
    #expect(types == ends.filter { $0.0 <= count }.map(\.1))
  }

  @Test(
    "a broken length ends the list",
    arguments: [
      [0, 0, 1, 0], [1, 0, 1, 0], [3, 0, 1, 0], [5, 0, 1, 0], [0xff, 0xff, 1, 0, 1, 2, 3, 4], [4, 0, 1], [4], [],
    ] as [[UInt8]])
  func broken(bytes: [UInt8]) {
    #expect(AttributeList(bytes[...]).map(\.type) == [])
    #expect(AttributeList([4, 0, 9, 0] + bytes[...]).map(\.type) == [9])
  }

  @Test("an integer is read at an offset, and not past the end")
  func integer() {
    let bytes = ([0xff, 1, 2, 3, 4] as [UInt8]).dropFirst()
    #expect(bytes.integer(UInt8.self, at: 3) == 4)
    #expect(bytes.integer(UInt16.self, at: 1) == 0x0302)
    #expect(bytes.integer(UInt32.self, at: 0) == 0x0403_0201)
    #expect(([0xfe, 0xff, 0xff, 0xff] as [UInt8])[...].integer(Int32.self, at: 0) == -2)
    #expect(bytes.integer(UInt8.self, at: 4) == nil)
    #expect(bytes.integer(UInt16.self, at: 3) == nil)
    #expect(bytes.integer(UInt64.self, at: 0) == nil)
    #expect(bytes.integer(UInt8.self, at: -1) == nil)
  }

  @Test("a text ends before its first NUL")
  func text() {
    #expect(Array("lo\0x".utf8)[...].text == "lo")
    #expect(Array("lo".utf8)[...].text == "lo")
    #expect(([] as [UInt8])[...].text.isEmpty)
  }
}
