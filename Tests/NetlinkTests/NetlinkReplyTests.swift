// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Glibc
import Testing

@testable import Netlink

@Suite struct NetlinkReplyTests {
  private static let error: UInt16 = 2
  private static let done: UInt16 = 3
  private static let capped: UInt16 = 0x100
  private static let hasAttributes: UInt16 = 0x200

  /// A message as the kernel would send it.
  private static func message(_ type: UInt16, flags: UInt16 = 0, _ payload: [UInt8] = []) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.append(integer: UInt32(16 + payload.count))
    bytes.append(integer: type)
    bytes.append(integer: flags)
    bytes.append(integer: UInt64(0))
    return bytes + payload
  }

  private static func reply(_ type: UInt16, flags: UInt16 = 0, _ payload: [UInt8] = []) throws -> NetlinkReply {
    try #require(NetlinkReply.split(message(type, flags: flags, payload)).first)
  }

  private static func number(_ value: Int32) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.append(integer: value)
    return bytes
  }

  @Test("a datagram is split into its messages, each but the last padded to four bytes")
  func split() {
    let datagram = Self.message(20, [1, 2, 3]) + [0] + Self.message(21) + Self.message(22, [9])
    let replies = NetlinkReply.split(datagram)
    #expect(replies.map(\.type) == [20, 21, 22])
    #expect(replies.map { Array($0.payload) } == [[1, 2, 3], [], [9]])
    #expect(replies.first?.bytes == Self.message(20, [1, 2, 3]))
  }

  @Test("what is cut short at the end of a datagram is left out", arguments: 0..<44)
  func cutShort(count: Int) {
    let datagram = Self.message(20, [1, 2, 3, 4]) + Self.message(21, [5, 6, 7, 8, 9, 10, 11, 12])
    #expect(NetlinkReply.split(Array(datagram.prefix(count))).map(\.type) == (count < 20 ? [] : [20]))
  }

  @Test("a length that cannot be ends the datagram", arguments: [0, 4, 15, 17, 0xffff_ffff] as [UInt32])
  func brokenLength(length: UInt32) {
    var bytes: [UInt8] = []
    bytes.append(integer: length)
    #expect(NetlinkReply.split(Self.message(20) + bytes + [UInt8](repeating: 0, count: 12)).map(\.type) == [20])
  }

  @Test("one attribute of 64 bits is noted of every message that replies to the request, and of no other")
  func values() {
    func part(_ sequence: UInt32, _ attributes: [UInt8]) -> [UInt8] {
      var bytes = Self.message(20, [2, 0, 0, 0] + attributes)
      bytes.replaceSubrange(8..<12, with: Self.number(Int32(sequence)))
      return bytes
    }
    let name: [UInt8] = [6, 0, 1, 0, 65, 0, 0, 0]
    let handle: [UInt8] = [12, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 7]
    let cut: [UInt8] = [12, 0, 3, 0, 0, 0]
    let datagram =
      part(5, name + handle) + part(5, handle + name) + part(4, handle) + part(5, name)
      + part(5, [8, 0, 3, 0, 0, 0, 0, 7]) + part(5, cut + [0, 0])
    let numbers = SequenceNumbers(first: 5, count: 1)
    #expect(
      NetlinkReply.values(of: 3, in: datagram, repliesTo: numbers) == [UInt64(7).bigEndian, UInt64(7).bigEndian])
    #expect(NetlinkReply.values(of: 3, in: [], repliesTo: numbers) == [])
  }

  @Test("attributes stand after a fixed part")
  func attributes() throws {
    let reply = try Self.reply(20, [9, 9, 9, 9, 5, 0, 1, 0, 7, 0, 0, 0])
    #expect(reply.attributes(after: 4)[1] == [7])
    #expect(reply.attributes(after: 100)[1] == nil)
  }

  @Test("an error has the kernel's number, an acknowledgement has 0, other messages have none")
  func errorNumber() throws {
    #expect(try Self.reply(Self.error, Self.number(-EPERM)).errorNumber == EPERM)
    #expect(try Self.reply(Self.error, Self.number(0)).errorNumber == 0)
    #expect(try Self.reply(20, Self.number(-EPERM)).errorNumber == nil)
    #expect(try Self.reply(Self.done).errorNumber == nil)
    #expect(try Self.reply(Self.done, Self.number(0)).errorNumber == nil)
    #expect(try Self.reply(Self.done, Self.number(-ENOENT)).errorNumber == ENOENT)
  }

  @Test("an error that is none of the kernel's is a broken protocol", arguments: [[], [1, 2], number(.min)])
  func brokenError(payload: [UInt8]) throws {
    #expect(try Self.reply(Self.error, payload).errorNumber == EPROTO)
  }

  @Test("a dump's end and its interruption are seen")
  func dumpFlags() throws {
    #expect(try Self.reply(Self.done).isEnd)
    #expect(try !Self.reply(20).isEnd)
    #expect(try Self.reply(20, flags: 0x10).isInterrupted)
    #expect(try !Self.reply(20, flags: 0x02).isInterrupted)
  }

  @Test("an acknowledgement is no failure, and neither is an answer")
  func noFailure() throws {
    #expect(try Self.reply(Self.error, Self.number(0)).failure("x") == nil)
    #expect(try Self.reply(20).failure("x") == nil)
    #expect(try Self.reply(Self.done, Self.number(0)).failure("x") == nil)
  }

  /// NLMSGERR_ATTR_OFFS, then NLMSGERR_ATTR_MSG "no such thing".
  private static let words: [UInt8] =
    [8, 0, 2, 0, 20, 0, 0, 0, 18, 0, 1, 0] + Array("no such thing".utf8) + [0, 0, 0]

  @Test("the kernel's own words are found after the echoed header, or after the whole request")
  func explanation() throws {
    let header = Self.message(0x0a00)
    let capped = try Self.reply(
      Self.error, flags: Self.capped | Self.hasAttributes, Self.number(-ENOENT) + header + Self.words)
    let request = Self.message(0x0a00, [1, 2, 3, 4, 5]) + [0, 0, 0]
    let whole = try Self.reply(Self.error, flags: Self.hasAttributes, Self.number(-ENOENT) + request + Self.words)
    let expected = NetlinkError("list", number: ENOENT, explanation: "no such thing")
    #expect(capped.failure("list") == expected)
    #expect(whole.failure("list") == expected)
  }

  @Test("without the flag, or cut short, an error has no words")
  func noExplanation() throws {
    let payload = Self.number(-ENOENT) + Self.message(0x0a00) + Self.words
    let expected = NetlinkError("list", number: ENOENT)
    #expect(try Self.reply(Self.error, payload).failure("list") == expected)
    let flags = Self.capped | Self.hasAttributes
    for count in [4, 8, 20, 21, 28, 35] {
      #expect(try Self.reply(Self.error, flags: flags, Array(payload.prefix(count))).failure("list") == expected)
    }
    // The echoed length is larger than all that there is.
    let lying = Self.number(-ENOENT) + [0xff, 0xff, 0xff, 0xff] + Self.words
    #expect(try Self.reply(Self.error, flags: Self.hasAttributes, lying).failure("list") == expected)
  }
}

// MARK: - Needles

extension NetlinkReplyTests {
  /// Four messages of a dump and its end.
  private static let dump =
    message(20, [1, 2, 3, 4]) + message(20, [5, 6, 7, 8]) + message(20, [9, 9, 1, 2]) + message(20, [6, 7, 1, 2])
    + message(done, number(0))

  @Test(
    "with patterns the first message is kept, and of the others those that hold one",
    arguments: [
      ([[6, 7]], [0, 1, 3]), ([[9, 9], [5]], [0, 1, 2]), ([[1, 2]], [0, 2, 3]), ([[8, 9]], [0]), ([], [0]),
      ([[77], [9, 1, 2]], [0, 2]), ([[5, 6, 7, 8]], [0, 1]), ([[5, 6, 7, 8, 9]], [0]), ([[]], [0, 1, 2, 3]),
    ] as [([[UInt8]], [Int])])
  func patterns(patterns: [[UInt8]], kept: [Int]) {
    let all = NetlinkReply.split(Self.dump)
    #expect(all.count == 5)
    let replies = NetlinkReply.split(Self.dump, holding: patterns)
    #expect(replies.map(\.bytes) == (kept + [4]).map { all[$0].bytes })
  }

  @Test("without patterns everything is kept")
  func noNeedles() {
    #expect(NetlinkReply.split(Self.dump, holding: nil).map(\.bytes) == NetlinkReply.split(Self.dump).map(\.bytes))
  }

  @Test("errors, ends and what is interrupted are kept whatever they hold", arguments: [1, 2, 3, 4] as [UInt16])
  func control(type: UInt16) {
    let other = Self.message(20, [5, 6, 7, 8])
    let interrupted = Self.message(20, flags: 0x12, [5, 6, 7, 8])
    let datagram = Self.message(20) + other + Self.message(type, Self.number(-EPERM)) + other + interrupted + other
    let replies = NetlinkReply.split(datagram, holding: [[1, 1, 1]])
    #expect(replies.map(\.type) == [20, type, 20])
    #expect(replies.map(\.isInterrupted) == [false, false, true])
  }

  @Test("what is cut short is left out with patterns too", arguments: 0..<60)
  func cutShortWithNeedles(count: Int) {
    let datagram = Self.message(20, [1, 2, 3, 4]) + Self.message(21, [5, 6, 7, 8]) + Self.message(22, [5, 6, 7, 8])
    let replies = NetlinkReply.split(Array(datagram.prefix(count)), holding: [[5]])
    #expect(replies.map(\.type) == Array([20, 21].prefix(count / 20)))
  }

  @Test(
    "bytes hold what is somewhere among them",
    arguments: [
      ([1, 2, 3], [1], true), ([1, 2, 3], [3], true), ([1, 2, 3], [2, 3], true), ([1, 2, 3], [1, 2, 3], true),
      ([1, 2, 3], [1, 3], false), ([1, 2, 3], [3, 4], false), ([1, 2, 3], [1, 2, 3, 4], false), ([1, 2], [], true),
      ([1, 1, 2], [1, 2], true), ([0, 0, 1], [0, 1], true), ([], [], true), ([], [1], false),
    ] as [([UInt8], [UInt8], Bool)])
  func holds(bytes: [UInt8], needle: [UInt8], expected: Bool) {
    #expect(bytes.withUnsafeBytes { $0.holds(needle) } == expected)
    #expect(UnsafeRawBufferPointer(start: nil, count: 0).holds(needle) == needle.isEmpty)
  }
}
