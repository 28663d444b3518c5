// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CLinux
import Glibc
import Netlink
import Testing

/// What any process may ask the kernel.
@Suite struct NetlinkSocketTests {
  @Test("the first interface is lo, and one that is missing is an error with its number")
  func linkName() throws {
    let socket = try NetlinkSocket.open(.route)
    let name = try socket.linkName(1)
    #expect(name == "lo")
    let error = #expect(throws: NetlinkError.self) { _ = try socket.linkName(.max) }
    #expect(error?.action == "find the name of interface 4294967295")
  }

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
    let answers = try socket.answers(to: requests)
    #expect(answers.map { $0.errorNumber == nil } == indexes.map { $0 == 1 })
    #expect(answers.allSatisfy { $0.errorNumber == nil || $0.errorNumber == ENODEV })
  }

  @Test("a dump is whole, and holds lo")
  func dump() throws {
    var request = NetlinkMessage(type: UInt16(RTM_GETLINK), flags: NLM_F_DUMP)
    for _ in 0..<4 { request.append(UInt32(0)) }
    let socket = try NetlinkSocket.open(.route)
    let names = try socket.dump(request, "list").parts.map { $0.attributes(after: 16)[IFLA_IFNAME]?.text }
    #expect(names.contains("lo"))
    #expect(names.allSatisfy { $0 != nil })
  }

  @Test("an error carries what was being done")
  func failure() throws {
    var request = NetlinkMessage(type: UInt16(RTM_GETLINK))
    for value in [0, 0x7fff_fff0, 0, 0] as [UInt32] { request.append(value) }
    let socket = try NetlinkSocket.open(.route)
    let error = #expect(throws: NetlinkError.self) { try socket.answer(to: request, "look for a link") }
    #expect(error?.action == "look for a link")
    #expect(error?.number == ENODEV)
  }
}
