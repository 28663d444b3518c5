// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CLinux
@testable import Netlink
import Testing

@Suite struct NetlinkMessageTests {
  @Test("a message without a body is its header")
  func header() {
    let message = NetlinkMessage(type: 0x1234)
    // Length, type, NLM_F_REQUEST, sequence, port.
    #expect(message.bytes(sequence: 0x0102_0304) == [16, 0, 0, 0, 0x34, 0x12, 1, 0, 4, 3, 2, 1, 0, 0, 0, 0])
  }

  @Test("flags are added to NLM_F_REQUEST, at first or later")
  func flags() {
    var message = NetlinkMessage(type: 1, flags: NLM_F_CREATE | NLM_F_EXCL)
    #expect(message.bytes(sequence: 0)[6...7] == [0x01, 0x06])
    message.requestAcknowledgement()
    #expect(message.bytes(sequence: 0)[6...7] == [0x05, 0x06])
  }

  @Test("a netfilter message begins with family, version and resource, the last in network byte order")
  func netfilter() {
    let message = NetlinkMessage(nfnetlink: 0x0a10, flags: 0, family: 10, resource: 0x0b0c)
    #expect(message.bytes(sequence: 0) == [20, 0, 0, 0, 0x10, 0x0a, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 10, 0, 0x0b, 0x0c])
  }

  @Test(
    "an attribute is padded to four bytes, its length is not",
    arguments: [
      ([], [4, 0, 7, 0]), ([1], [5, 0, 7, 0, 1, 0, 0, 0]), ([1, 2, 3], [7, 0, 7, 0, 1, 2, 3, 0]),
      ([1, 2, 3, 4], [8, 0, 7, 0, 1, 2, 3, 4]), ([1, 2, 3, 4, 5], [9, 0, 7, 0, 1, 2, 3, 4, 5, 0, 0, 0]),
    ] as [([UInt8], [UInt8])])
  func attribute(value: [UInt8], expected: [UInt8]) {
    var message = NetlinkMessage(type: 0)
    message.attribute(7, value)
    #expect(message.body == expected)
    #expect(message.bytes(sequence: 0)[0] == 16 + expected.count)
  }

  @Test("the longest value that an attribute can have is whole")
  func longestAttribute() throws {
    var message = NetlinkMessage(type: 0)
    message.attribute(1, [UInt8](repeating: 7, count: 65_531))
    message.attribute(2, [9])
    #expect(AttributeList(message.body[...]).map(\.value.count) == [65_531, 1])
    #expect(message.overlong == nil)
  }

  @Test("a longer value is remembered, and of several the first", arguments: [65_532, 100_000])
  func overlongAttribute(count: Int) throws {
    var message = NetlinkMessage(type: 0)
    message.attribute(1, [9])
    message.nested(4) { $0.attribute(3, [UInt8](repeating: 7, count: count)) }
    message.attribute(2, [UInt8](repeating: 7, count: 70_000))
    #expect(message.overlong == OverlongAttribute(type: 3, length: count + 4))
  }

  @Test("attributes that are short, but not together, are too long for the one that holds them")
  func overlongNesting() throws {
    var message = NetlinkMessage(type: 0)
    message.nested(5) { list in for _ in 0..<40 { list.attribute(1, [UInt8](repeating: 7, count: 2_000)) } }
    #expect(message.overlong == OverlongAttribute(type: 5, length: 4 + 40 * 2_004))
  }

  @Test("integers are in host byte order, in network byte order only when swapped")
  func integers() {
    var message = NetlinkMessage(type: 0)
    message.append(UInt8(0xff))
    message.append(UInt8(0))
    message.append(UInt16(0x0102))
    message.attribute(1, UInt32(0x0102_0304))
    message.attribute(2, UInt16(0x0102).bigEndian)
    message.attribute(3, UInt64(0x0102_0304_0506_0708).bigEndian)
    message.attribute(4, Int32(-300))
    message.append(bytes: [9, 8])
    #expect(
      message.body == [
        0xff, 0, 2, 1,
        8, 0, 1, 0, 4, 3, 2, 1,
        6, 0, 2, 0, 1, 2, 0, 0,
        12, 0, 3, 0, 1, 2, 3, 4, 5, 6, 7, 8,
        8, 0, 4, 0, 0xd4, 0xfe, 0xff, 0xff,
        9, 8,
      ])
  }

  @Test("nested attributes lie within one that says so")
  func nested() {
    var message = NetlinkMessage(type: 0)
    message.nested(4) { outer in
      outer.attribute(1, [0xaa])
      outer.nested(2) { _ in }
    }
    #expect(message.body == [16, 0, 4, 0x80, 5, 0, 1, 0, 0xaa, 0, 0, 0, 4, 0, 2, 0x80])
  }

  @Test("integers of every size are appended in both byte orders")
  func appended() {
    var bytes: [UInt8] = []
    bytes.append(integer: UInt8(1))
    bytes.append(integer: Int16(-2))
    bytes.append(integer: UInt64(3))
    bytes.append(bigEndian: UInt16(4))
    bytes.append(bigEndian: UInt32(5))
    #expect(bytes == [1, 0xfe, 0xff, 3, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 5])
  }
}
