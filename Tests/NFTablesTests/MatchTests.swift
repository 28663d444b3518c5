// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CLinux
import Netlink
import Testing

@testable import NFTables

@Suite struct MatchTests {
  private func prefix(_ text: String) throws -> Prefix { try #require(Prefix(text)) }

  @Test("rules of several steps are the same after they went over the wire")
  func roundTrip() throws {
    let prefixes = ["10.0.0.0/8", "10.0.0.1/32", "10.0.0.0/9", "0.0.0.0/0", "fd00::/8", "::1/128"].compactMap {
      Prefix($0)
    }
    #expect(prefixes.count == 6)
    var matches = prefixes.flatMap { [Match.prefix(.source, $0), Match.prefix(.destination, $0, isNegated: true)] }
    matches += [Match.toThisHost, Match.destinationTranslated]
    matches += [Match.ofKnownConnection, Match.ofNoConnection]
    let names = [NFT_META_IIFNAME, NFT_META_OIFNAME]
    matches += names.flatMap { first in names.map { Match.interfaces(first, $0, in: "set") } }
    matches += [Match.interfaces(NFT_META_IIFNAME, NFT_META_IIFNAME, in: "set", isNegated: true)]
    matches += AddressFamily.allCases.map { Match.family($0) }
    matches += TransportProtocol.allCases.flatMap { [Match.transport($0), Match.transport($0, isNegated: true)] }
    matches += AddressFamily.allCases.map { Match.address(.source, $0, in: "set", isNegated: true) }
    let rules = matches.map { NFTRule("chain", $0 + [.drop]) }
    for rule in rules { #expect(try rule.reread() == rule.expressions) }
    #expect(Set(rules.map { Expression.encoded($0.expressions) }).count == rules.count)
  }

  @Test(
    "addresses and ports are where the headers have them",
    arguments: [
      (.source, .ip, 12, 4), (.destination, .ip, 16, 4), (.source, .ip6, 8, 16), (.destination, .ip6, 24, 16),
    ]
      as [(Match.Side, AddressFamily, UInt32, UInt32)])
  func offsets(side: Match.Side, family: AddressFamily, offset: UInt32, length: UInt32) {
    #expect(
      Match.loadAddress(side, family) == .payload(NFT_PAYLOAD_NETWORK_HEADER, offset: offset, length: length))
    #expect(
      Match.loadPort(side)
        == .payload(NFT_PAYLOAD_TRANSPORT_HEADER, offset: side == .source ? 0 : 2, length: 2))
  }

  /// What every match of an address of this family begins with.
  private static func ofFamily(_ number: UInt8) -> [Expression] { [.meta(NFT_META_NFPROTO), .compare([number])] }

  @Test(
    "of a prefix of whole bytes only these are loaded and compared",
    arguments: [
      ("10.22.0.5/8", [10]), ("10.22.0.5/16", [10, 22]), ("10.22.0.5/24", [10, 22, 0]),
      ("10.22.0.5/32", [10, 22, 0, 5]),
    ]
      as [(String, [UInt8])])
  func wholeBytes(text: String, bytes: [UInt8]) throws {
    for (side, offset) in [(Match.Side.source, 12), (.destination, 16)] as [(Match.Side, UInt32)] {
      let load = Expression.payload(NFT_PAYLOAD_NETWORK_HEADER, offset: offset, length: UInt32(bytes.count))
      let match = Match.prefix(side, try prefix(text), isNegated: true)
      #expect(match == Self.ofFamily(2) + [load, .compare(bytes, isNegated: true)])
    }
  }

  @Test("another prefix is compared under its mask")
  func masked() throws {
    let load = Expression.payload(NFT_PAYLOAD_NETWORK_HEADER, offset: 12, length: 4)
    let match = Match.prefix(.source, try prefix("10.22.255.5/20"))
    #expect(match == Self.ofFamily(2) + [load, .mask([255, 255, 240, 0]), .compare([10, 22, 240, 0])])
    let zeros = [UInt8](repeating: 0, count: 16)
    let whole = Expression.payload(NFT_PAYLOAD_NETWORK_HEADER, offset: 8, length: 16)
    #expect(Match.prefix(.source, .all(.ip6)) == Self.ofFamily(10) + [whole, .mask(zeros), .compare(zeros)])
  }

  @Test("of a connection, or of a packet's state in it, any of some bits counts")
  func bits() {
    let cases: [(match: [Expression], key: nft_ct_keys, mask: [UInt8])] = [
      (Match.destinationTranslated, NFT_CT_STATUS, [32, 0, 0, 0]),  // IPS_DST_NAT
      (Match.ofKnownConnection, NFT_CT_STATE, [6, 0, 0, 0]),  // established 2, related 4: nft describe ct_state
      (Match.ofNoConnection, NFT_CT_STATE, [1, 0, 0, 0]),  // invalid 1
    ]
    for (match, key, mask) in cases {
      #expect(match == [.connection(key), .mask(mask), .compare([0, 0, 0, 0], isNegated: true)])
    }
  }

  @Test(
    "a bit of the fwmark is set or cleared, and the others stay", arguments: [(0, 0, 1), (12, 1, 0x10), (31, 3, 0x80)])
  func setMark(bit: Int, index: Int, value: UInt8) throws {
    // In host byte order, as the mark is.
    var (own, others) = ([UInt8](repeating: 0, count: 4), [UInt8](repeating: 0xff, count: 4))
    own[index] = value
    others[index] = ~value
    let (load, store) = (Expression.meta(NFT_META_MARK), Expression.setMeta(NFT_META_MARK))
    #expect(Match.setMark(bit: bit, true) == [load, .bitwise(mask: others, xor: own), store])
    #expect(Match.setMark(bit: bit, false) == [load, .mask(others), store])
    for isSet in [true, false] {
      let rule = NFTRule("chain", Match.setMark(bit: bit, isSet))
      #expect(try rule.reread() == rule.expressions)
    }
  }

  @Test("the names of two interfaces are looked up one behind the other", arguments: [false, true])
  func interfaces(isNegated: Bool) {
    // The second is in the second whole register of the kernel.
    #expect(
      Match.interfaces(NFT_META_IIFNAME, NFT_META_OIFNAME, in: "set", isNegated: isNegated) == [
        .meta(NFT_META_IIFNAME), .meta(NFT_META_OIFNAME, into: Register(slot: 4)), .lookup("set", isNegated: isNegated),
      ])
  }
}
