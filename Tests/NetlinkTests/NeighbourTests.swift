// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CLinux
import Glibc
import Testing

@testable import Netlink

@Suite struct NeighbourTests {
  private static func entry(_ text: String, _ mac: String?) throws -> Neighbour {
    Neighbour(try #require(IPAddress(text)), at: mac.flatMap { MACAddress($0) }, of: 3)
  }

  @Test("neighbours are asked for as ip asks for them")
  func requests() throws {
    var entry = try Self.entry("10.2.0.4", "02:00:00:00:00:44")
    expectSame(entry.message(RTM_NEWNEIGH, Addition.exclusive.flags), .addNeighbour, fixed: 12)
    entry.linkAddress = MACAddress("02:00:00:00:00:45")
    entry.state = .reachable
    expectSame(entry.message(RTM_NEWNEIGH, Addition.replacing.flags), .replaceNeighbour, fixed: 12)
    entry = .proxy(try #require(IPAddress("10.2.0.5")), of: 3)
    expectSame(entry.message(RTM_NEWNEIGH, Addition.exclusive.flags), .addProxy, fixed: 12)
    entry = try Self.entry("fe80::9", "02:00:00:00:00:45")
    entry.flags = .router
    expectSame(entry.message(RTM_NEWNEIGH, Addition.exclusive.flags), .addNeighbour6, fixed: 12)
    entry = try Self.entry("10.2.0.4", nil)
    expectSame(entry.message(RTM_DELNEIGH, NLM_F_ACK), .removeNeighbour, fixed: 12)
    expectSame(Neighbour.list(of: 3, nil, proxies: false), .listNeighbours, fixed: 12)
  }

  @Test("what the kernel tells is what was asked for")
  func replies() throws {
    #expect(Neighbour(try Recording.neighbour.reply) == (try Self.entry("10.2.0.4", "02:00:00:00:00:44")))
    var entry = try Self.entry("ff02::16", "33:33:00:00:00:16")
    entry.state = .noARP
    #expect(Neighbour(try Recording.multicastNeighbour.reply) == entry)
    entry = try Self.entry("fe80::9", "02:00:00:00:00:45")
    entry.flags = .router
    #expect(Neighbour(try Recording.routerNeighbour.reply) == entry)
  }

  @Test("what the kernel tells cut short at any byte is an entry, or none, but no other one")
  func truncated() throws {
    for count in 0...Recording.neighbour.bytes.count - 16 {
      guard let entry = Neighbour(try Recording.neighbour.reply(prefix: count)) else { continue }
      #expect(entry.interface == 3 && entry.address == IPAddress("10.2.0.4") && entry.state == .permanent)
    }
  }
}
