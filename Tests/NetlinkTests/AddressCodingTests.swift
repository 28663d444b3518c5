// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CLinux
import Glibc
import Testing

@testable import Netlink

@Suite struct AddressCodingTests {
  private static func prefix(_ text: String) throws -> Prefix { try #require(Prefix(text)) }

  private static func address(_ text: String) throws -> InterfaceAddress {
    InterfaceAddress(try prefix(text), of: 3)
  }

  @Test("an address is asked for with all that it can have, as ip asks for it")
  func requests() throws {
    var address = try Self.address("10.1.2.3/24")
    address.broadcast = address.usualBroadcast
    address.scope = .link
    address.label = "v0:x"
    address.validLifetime = 1000
    address.preferredLifetime = 500
    expectSame(address.message(RTM_NEWADDR, Addition.exclusive.flags), .addAddress, fixed: 8)
    address = try Self.address("10.1.2.3/32")
    address.peer = IPAddress("10.9.9.9")
    expectSame(address.message(RTM_NEWADDR, Addition.exclusive.flags), .addPeerAddress, fixed: 8)
    address = try Self.address("2001:db8::5/64")
    expectSame(address.message(RTM_DELADDR, NLM_F_ACK), .removeAddress, fixed: 8)
    address.flags = [.noDAD, .noPrefixRoute]
    address.metric = 300
    var replacing = Recording.replaceAddress.bytes
    // We say the low flags in the fixed part too, where old kernels look.
    replacing[18] = UInt8(IFA_F_NODAD)
    let ours = address.message(RTM_NEWADDR, Addition.replacing.flags).bytes(sequence: 0)
    #expect(Saying(ours, fixed: 8) == Saying(replacing, fixed: 8))
    #expect(InterfaceAddress.list(of: 3, .ip).bytes(sequence: 0).dropFirst(20) == [3, 0, 0, 0])
  }

  @Test("what the kernel tells is what was asked for")
  func replies() throws {
    var expected = try Self.address("10.1.2.3/24")
    expected.broadcast = IPAddress("10.1.2.255")
    expected.scope = .link
    expected.label = "v0:x"
    expected.validLifetime = 1000
    expected.preferredLifetime = 500
    #expect(InterfaceAddress(try Recording.address.reply) == expected)
    expected = try Self.address("10.1.2.3/32")
    expected.peer = IPAddress("10.9.9.9")
    expected.flags = .permanent
    expected.label = "v0"
    #expect(InterfaceAddress(try Recording.peerAddress.reply) == expected)
    expected = try Self.address("10.2.0.1/16")
    expected.flags = .permanent
    expected.label = "v0"
    #expect(InterfaceAddress(try Recording.plainAddress.reply) == expected)
  }

  @Test("only networks of IPv4 with more than two addresses have a broadcast address")
  func broadcast() throws {
    #expect(try Self.address("10.1.2.3/30").usualBroadcast == IPAddress("10.1.2.3"))
    for text in ["10.1.2.3/31", "10.1.2.3/32", "2001:db8::5/64"] {
      #expect(try Self.address(text).usualBroadcast == nil)
    }
  }

  @Test("what the kernel tells cut short at any byte is an address, or none, but no other one")
  func truncated() throws {
    for count in 0...Recording.plainAddress.bytes.count - 16 {
      guard let address = InterfaceAddress(try Recording.plainAddress.reply(prefix: count)) else { continue }
      #expect(address.interface == 3)
      #expect("\(address.prefix)" == "10.2.0.1/16")
    }
  }
}
