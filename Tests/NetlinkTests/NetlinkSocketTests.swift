// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CLinux
import Glibc
import Testing

@testable import Netlink

/// What any process may ask the kernel.
@Suite struct NetlinkSocketTests {
  @Test("more requests than fit into the socket's buffer are answered in their order, errors too")
  func answers() throws {
    let indexes: [Int32] = (0..<100).map { $0 % 3 == 0 ? 0x7fff_fff0 : 1 }
    let requests = indexes.map { index in
      var request = NetlinkMessage(type: UInt16(RTM_GETLINK))
      // struct ifinfomsg: family, padding, type; index; flags; change.
      request.append(UInt32(0))
      request.append(index)
      request.append(UInt64(0))
      return request
    }
    let socket = try NetlinkSocket.open(.route)
    let answers = try socket.executeAll(requests)
    #expect(answers.map { $0.errorNumber == nil } == indexes.map { $0 == 1 })
    #expect(answers.allSatisfy { $0.errorNumber == nil || $0.errorNumber == ENODEV })
  }

  @Test("a dump is whole, and holds lo")
  func dump() throws {
    var request = NetlinkMessage(type: UInt16(RTM_GETLINK), flags: NLM_F_DUMP)
    for _ in 0..<4 { request.append(UInt32(0)) }
    let socket = try NetlinkSocket.open(.route)
    let names = try socket.dump(request, "list").map { $0.attributes(after: 16)[IFLA_IFNAME]?.text }
    #expect(names.contains("lo"))
    #expect(names.allSatisfy { $0 != nil })
  }

  @Test("an error carries what was being done")
  func failure() throws {
    var request = NetlinkMessage(type: UInt16(RTM_GETLINK))
    for value in [0, 0x7fff_fff0, 0, 0] as [UInt32] { request.append(value) }
    let socket = try NetlinkSocket.open(.route)
    let error = #expect(throws: NetlinkError.self) { try socket.execute(request, "look for a link") }
    #expect(error?.action == "look for a link")
    #expect(error?.number == ENODEV)
  }

  /// `RTM_GETLINK` for an interface's index; there is none with the second.
  private static func look(_ index: UInt32) -> NetlinkMessage {
    var request = NetlinkMessage(type: UInt16(RTM_GETLINK))
    for value in [0, index, 0, 0] { request.append(value) }
    return request
  }
  private static let missing: UInt32 = 0x7fff_fff0

  private static func listLinks() -> NetlinkMessage {
    var request = NetlinkMessage(type: UInt16(RTM_GETLINK), flags: NLM_F_DUMP)
    for _ in 0..<4 { request.append(UInt32(0)) }
    return request
  }

  private static func names(_ socket: borrowing NetlinkSocket) throws -> [String?] {
    try socket.dump(listLinks(), "list").map { $0.attributes(after: 16)[IFLA_IFNAME]?.text }
  }

  @Test("a reply that nobody has waited for is not taken for the next request's")
  func leftOver() throws {
    let socket = try NetlinkSocket.open(.route)
    _ = try socket.send([Self.look(1)])
    let answer = try socket.executeAll([Self.look(Self.missing)])
    #expect(answer.map(\.errorNumber) == [ENODEV])
    _ = try socket.send([Self.look(Self.missing), Self.look(1)])
    let names = try Self.names(socket)
    #expect(names.contains("lo"))
    _ = try socket.send([Self.look(1)])
    var acknowledged = Self.look(Self.missing)
    acknowledged.requestAcknowledgement()
    let error = #expect(throws: NetlinkError.self) { try socket.executeOptional(acknowledged, "look") }
    #expect(error?.number == ENODEV)
  }

  @Test("what is left of a dump that was not read to its end is not taken for the next request's reply")
  func unfinishedDump() throws {
    let socket = try NetlinkSocket.open(.route)
    try socket.dumpOnce(Self.listLinks(), "list") { _ in false }
    let answers = try socket.executeAll([Self.look(Self.missing)])
    #expect(answers.map(\.errorNumber) == [ENODEV])
    let missing = try socket.execute(Self.look(Self.missing), "look", unless: [ENODEV])
    #expect(missing == nil)
  }

  /// A socket whose receive buffer, the smallest there is, has just overflowed.
  private static func overflowing() throws -> NetlinkSocket {
    let socket = try NetlinkSocket.open(.route)
    let isSet = socket.set(SOL_SOCKET, SO_RCVBUF, 1)
    try #require(isSet)
    return socket
  }

  @Test("after replies were lost the same socket serves the next request, whatever it is")
  func overflow() throws {
    let socket = try Self.overflowing()
    let error = #expect(throws: NetlinkError.self) {
      try socket.executeAll((0..<24).map { Self.look($0 % 2 == 0 ? 1 : Self.missing) })
    }
    #expect(error?.number == ENOBUFS)
    let answers = try socket.executeAll([Self.look(Self.missing)])
    #expect(answers.map(\.errorNumber) == [ENODEV])
    let name = try socket.execute(Self.look(1), "look").attributes(after: 16)[IFLA_IFNAME]?.text
    #expect(name == "lo")
  }

  @Test("a dump that failed to be received does not stand in the way of the next", .enabled(if: geteuid() == 0))
  func failedDump() throws {
    let socket = try Self.overflowing()
    _ = try socket.send((0..<24).map { _ in Self.look(1) })
    let error = #expect(throws: NetlinkError.self) { try socket.dump(Self.listLinks(), "list") }
    #expect(error?.number == ENOBUFS)
    let names = try Self.names(socket)
    #expect(names.contains("lo"))
  }

  @Test("a message with an attribute that is too long is not sent, alone or among others")
  func overlong() throws {
    var request = Self.look(1)
    request.attribute(IFLA_IFALIAS, [UInt8](repeating: 7, count: 70_000))
    let socket = try NetlinkSocket.open(.route)
    let error = #expect(throws: NetlinkError.self) { try socket.executeAll([Self.look(1), request]) }
    #expect(error?.number == EMSGSIZE)
    #expect(error?.explanation == "the attribute of type 20 takes 70004 bytes and can have at most 65535")
    let batch = #expect(throws: NetlinkError.self) { try socket.executeBatch([request], "change") }
    #expect(batch == error)
    let answers = try socket.executeAll([Self.look(1)])
    #expect(answers.map(\.errorNumber) == [nil])
  }

  @Test("an error in the middle of a batch comes with the acknowledgement of its last message")
  func batch() throws {
    var last = Self.look(Self.missing)
    last.requestAcknowledgement()
    let socket = try NetlinkSocket.open(.route)
    _ = try socket.send([Self.look(1)])
    let replies = try socket.executeBatch([Self.look(Self.missing), last], "look")
    #expect(replies.map(\.errorNumber) == [ENODEV, ENODEV])
  }
}
