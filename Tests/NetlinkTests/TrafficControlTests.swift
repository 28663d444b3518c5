// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CLinux
import Testing

@testable import Netlink

@Suite struct TrafficControlTests {
  @Test(
    "a handle is written as tc writes it",
    arguments: [
      (TrafficHandle(0), "0:"), (TrafficHandle(1), "1:"), (TrafficHandle(1, 1), "1:1"), (TrafficHandle(0, 1), "0:1"),
      (TrafficHandle(0x5c41), "5c41:"), (TrafficHandle(0x5c41, 0xa0), "5c41:a0"), (.root, "ffff:ffff"),
      (.ingress, "ffff:fff1"), (.ingressFilters, "ffff:fff2"),
    ])
  func text(handle: TrafficHandle, expected: String) {
    #expect("\(handle)" == expected)
  }

  @Test("a handle has the parts that it was made of", arguments: [0, 1, 0x5c41, 0xffff] as [UInt16])
  func parts(major: UInt16) {
    for minor in [0, 1, 0x8000, 0xffff] as [UInt16] {
      let handle = TrafficHandle(major, minor)
      #expect(handle.major == major)
      #expect(handle.minor == minor)
      #expect(handle == TrafficHandle(rawValue: UInt32(major) << 16 | UInt32(minor)))
    }
  }

  /// A request of tc, and the header that is asked for here.
  private struct Case: Sendable {
    let recording: Recording
    let type: Int
    let flags: Int32
    let header: TrafficHeader
  }

  private static func header(
    _ parent: TrafficHandle, handle: TrafficHandle = TrafficHandle(0), info: UInt32 = 0
  ) -> TrafficHeader {
    var header = TrafficHeader(3, parent: parent)
    header.handle = handle.rawValue
    header.info = info
    return header
  }

  private static let add = NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL

  private static let cases = [
    Case(
      recording: .setTBF, type: RTM_NEWQDISC, flags: NLM_F_ACK | NLM_F_CREATE | NLM_F_REPLACE,
      header: header(.root, handle: TrafficHandle(1))),
    Case(
      recording: .addIngress, type: RTM_NEWQDISC, flags: add, header: header(.ingress, handle: TrafficHandle(0xffff))),
    Case(
      recording: .addClass, type: RTM_NEWTCLASS, flags: add,
      header: header(TrafficHandle(0x5c41), handle: TrafficHandle(0x5c41, 1))),
    Case(
      recording: .redirect, type: RTM_NEWTFILTER, flags: add,
      header: header(.ingressFilters, info: 61_442 << 16 | UInt32(UInt16(ETH_P_ALL).bigEndian))),
    Case(
      recording: .passFrom6, type: RTM_NEWTFILTER, flags: add,
      header: header(TrafficHandle(0x5c41), info: 2 << 16 | UInt32(UInt16(ETH_P_IPV6).bigEndian))),
  ]

  @Test("a request begins as that of tc does, but for its length", arguments: cases)
  private func message(test: Case) {
    let bytes = test.header.message(test.type, test.flags).bytes(sequence: 0)
    #expect(bytes.count == 16 + TrafficHeader.length)
    #expect(Array(bytes.dropFirst(4)) == Array(test.recording.bytes[4..<36]))
  }

  @Test("a header that was written is read", arguments: cases)
  private func roundTrip(test: Case) throws {
    let message = test.header.message(test.type, test.flags)
    let reply = try #require(NetlinkReply.split(message.bytes(sequence: 0)).first)
    #expect(TrafficHeader(reply) == test.header)
    #expect(TrafficHeader(try test.recording.reply) == test.header)
  }

  @Test("a header of the kernel is read")
  func read() throws {
    let header = try #require(TrafficHeader(try Recording.tbf.reply))
    #expect(header == Self.header(.root, handle: TrafficHandle(1), info: 3))
  }

  @Test("a header that is cut short is none", arguments: 0...TrafficHeader.length)
  func truncated(count: Int) throws {
    let header = TrafficHeader(try Recording.tbf.reply(prefix: count))
    #expect((header != nil) == (count == TrafficHeader.length))
  }
}
