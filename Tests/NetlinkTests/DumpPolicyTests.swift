// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CLinux
import Glibc
import TestSupport
import Testing

@testable import Netlink

@Suite struct DumpPolicyTests {
  private static func part(_ type: UInt16) -> NetlinkReply {
    var message = NetlinkMessage(type: type)
    message.append(UInt32(0))
    message.append(type)
    return NetlinkReply.split(message.bytes(sequence: 0))[0]
  }

  /// Dumps of which each lists one part, whose type is the number of the attempt; the last of them is not interrupted, if any.
  private static func dump(_ policy: DumpPolicy, interrupted: Int) throws -> [UInt16] {
    var attempts = 0
    let parts = try policy.dump("list") { () throws(NetlinkError) in
      attempts += 1
      return DumpPolicy.Listing(parts: [part(UInt16(99 + attempts))], isInterrupted: attempts <= interrupted)
    }
    return parts.map(\.type)
  }

  @Test("what was listed while nothing changed is all", arguments: [DumpPolicy.whole, .last, .union], 0...4)
  func whole(policy: DumpPolicy, interrupted: Int) throws {
    #expect(try Self.dump(policy, interrupted: interrupted) == [UInt16(100 + interrupted)])
  }

  @Test("a list that must be whole and never is is an error")
  func neverWhole() throws {
    #expect(try Self.dump(.whole, interrupted: 49) == [149])
    let error = #expect(throws: NetlinkError.self) { _ = try Self.dump(.whole, interrupted: 50) }
    #expect(error == NetlinkError("list", number: EINTR))
  }

  @Test("a list that two dumps told the same is whole")
  func same() throws {
    var attempts = 0
    let parts = try DumpPolicy.whole.dump("list") { () throws(NetlinkError) in
      attempts += 1
      return DumpPolicy.Listing(parts: [Self.part(UInt16(100 + min(attempts, 3)))], isInterrupted: true)
    }
    #expect(parts.map(\.type) == [103] && attempts == 4)
  }

  @Test("of entries with handles two dumps with the same have told all, whatever else differs")
  func handles() throws {
    var attempts = 0
    let parts = try DumpPolicy.wholeByHandle(1).dump("list") { () throws(NetlinkError) in
      attempts += 1
      let handles = attempts < 3 ? [UInt64(attempts)] : [3]
      return DumpPolicy.Listing(parts: [Self.part(UInt16(100 + attempts))], handles: handles, isInterrupted: true)
    }
    #expect(parts.map(\.type) == [104] && attempts == 4)
    #expect(throws: NetlinkError.self) {
      _ = try DumpPolicy.wholeByHandle(1).dump("list") { () throws(NetlinkError) in
        attempts += 1
        return DumpPolicy.Listing(handles: [UInt64(attempts)], isInterrupted: true)
      }
    }
  }

  @Test("a list that need not be whole is the last one, or all that were listed")
  func partial() throws {
    #expect(try Self.dump(.last, interrupted: 5) == [104])
    #expect(try Self.dump(.union, interrupted: 5) == [100, 101, 102, 103, 104])
  }

  @Test("an error that will pass is tried again, and another is thrown")
  func errors() throws {
    for number in [EINTR, EBUSY, EAGAIN] {
      var attempts = 0
      let parts = try DumpPolicy.whole.dump("list") { () throws(NetlinkError) in
        attempts += 1
        if attempts < 3 { throw NetlinkError("list", number: number) }
        return DumpPolicy.Listing()
      }
      #expect(parts.isEmpty && attempts == 3)
    }
    let error = #expect(throws: NetlinkError.self) {
      _ = try DumpPolicy.last.dump("list") { () throws(NetlinkError) in throw NetlinkError("list", number: EPERM) }
    }
    #expect(error?.number == EPERM)
  }
}

/// Dumps that are longer than a datagram.
@Suite(.enabled(if: Namespace.obstacle == nil, "needs privileges")) struct UnfinishedDumpTests {
  private static func crowded() throws -> Namespace {
    let namespace = try Namespace()
    try namespace.ip((0..<60).map { "link add name i\($0) type ifb" }.joined(separator: "\n"))
    return namespace
  }

  /// Lists the links after a list that was given up.
  private static func links(_ socket: borrowing NetlinkSocket) throws -> Int {
    var request = NetlinkMessage(type: UInt16(RTM_GETLINK), flags: NLM_F_DUMP)
    for _ in 0..<4 { request.append(UInt32(0)) }
    try socket.dumpOnce(request, "list") { _ in false }
    return try socket.dump(request, "list").count
  }

  @Test("after a list that was given up the same socket lists everything")
  func here() throws {
    try Self.crowded().run {
      let socket = try NetlinkSocket.open(.route)
      for _ in 0..<3 { #expect(try Self.links(socket) == 61) }
    }
  }

  @Test("after a list that was given up a socket of another namespace lists everything")
  func elsewhere() throws {
    let namespace = try Self.crowded()
    let socket = try namespace.run { try NetlinkSocket.open(.route) }
    for _ in 0..<3 { #expect(try Self.links(socket) == 61) }
  }
}
