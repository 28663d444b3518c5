// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CLinux
import Rules
import Testing

@testable import NFTables

@Suite struct MatchTests {
  @Test("rules of several steps are the same after they went over the wire")
  func roundTrip() throws {
    let prefixes = ["10.0.0.0/8", "10.0.0.1/32", "10.0.0.0/9", "0.0.0.0/0", "fd00::/8", "::1/128"].compactMap {
      Prefix($0)
    }
    #expect(prefixes.count == 6)
    var matches = prefixes.flatMap { [Match.prefix(.source, $0), Match.prefix(.destination, $0, isNegated: true)] }
    matches += [Match.notFromLoopback, Match.toThisHost, Match.destinationTranslated]
    matches += [Match.ofKnownConnection, Match.ofNoConnection]
    let names = [NFT_META_IIFNAME, NFT_META_OIFNAME]
    matches += names.flatMap { first in names.map { Match.interfaces(first, $0, in: "set") } }
    matches += [Match.interfaces(NFT_META_IIFNAME, NFT_META_IIFNAME, in: "set", isNegated: true)]
    matches += AddressFamily.allCases.map { Match.family($0) }
    matches += Transport.allCases.flatMap { [Match.transport($0), Match.transport($0, isNegated: true)] }
    matches += AddressFamily.allCases.map { Match.address(.source, $0, in: "set", isNegated: true) }
    let rules = matches.map { RuleObject("chain", $0 + [Verdict.drop]) }
    for rule in rules { #expect(try rule.rereadText() == rule.text) }
    #expect(Set(rules.map(\.text)).count == rules.count)
  }

  @Test(
    "addresses and ports are where the headers have them",
    arguments: [
      (.source, .ip, 12, 4), (.destination, .ip, 16, 4), (.source, .ip6, 8, 16), (.destination, .ip6, 24, 16),
    ]
      as [(Match.Side, AddressFamily, UInt32, UInt32)])
  func offsets(side: Match.Side, family: AddressFamily, offset: UInt32, length: UInt32) {
    let address = Match.loadAddress(side, family, .first)
    #expect(address.base == NFT_PAYLOAD_NETWORK_HEADER)
    #expect(address.offset == offset)
    #expect(address.length == length)
    let port = Match.loadPort(side, .first)
    #expect(port.base == NFT_PAYLOAD_TRANSPORT_HEADER)
    #expect(port.offset == (side == .source ? 0 : 2))
    #expect(port.length == 2)
  }

  @Test(
    "of a prefix of whole bytes only these are loaded and compared",
    arguments: [
      ("10.22.0.5/8", [10]), ("10.22.0.5/16", [10, 22]), ("10.22.0.5/24", [10, 22, 0]),
      ("10.22.0.5/32", [10, 22, 0, 5]),
    ]
      as [(String, [UInt8])])
  func wholeBytes(text: String, bytes: [UInt8]) throws {
    for side in [Match.Side.source, .destination] {
      let match = Match.prefix(side, try Sample.prefix(text), isNegated: true)
      try #require(match.map(\.kind) == ["meta", "cmp", "payload", "cmp"])
      #expect((match[1] as? Compare)?.isNegated == false)
      #expect((match[2] as? LoadPayload)?.offset == (side == .source ? 12 : 16))
      #expect((match[2] as? LoadPayload)?.length == UInt32(bytes.count))
      #expect((match[3] as? Compare)?.bytes == bytes)
      #expect((match[3] as? Compare)?.isNegated == true)
    }
  }

  @Test("another prefix is compared under its mask")
  func masked() throws {
    let match = Match.prefix(.source, try Sample.prefix("10.22.255.5/20"))
    try #require(match.map(\.kind) == ["meta", "cmp", "payload", "bitwise", "cmp"])
    #expect((match[3] as? Mask)?.mask == [255, 255, 240, 0])
    #expect((match[4] as? Compare)?.bytes == [10, 22, 240, 0])
    let all = Match.prefix(.source, .all(.ip6))
    try #require(all.map(\.kind) == match.map(\.kind))
    #expect((all[3] as? Mask)?.mask == [UInt8](repeating: 0, count: 16))
    #expect((all[2] as? LoadPayload)?.length == 16)
  }

  @Test("of a connection, or of a packet's state in it, any of some bits counts")
  func bits() throws {
    let cases: [(match: [any Expression], key: nft_ct_keys, mask: [UInt8])] = [
      (Match.destinationTranslated, NFT_CT_STATUS, [32, 0, 0, 0]),  // IPS_DST_NAT
      (Match.ofKnownConnection, NFT_CT_STATE, [6, 0, 0, 0]),  // established 2, related 4: nft describe ct_state
      (Match.ofNoConnection, NFT_CT_STATE, [1, 0, 0, 0]),  // invalid 1
    ]
    for (match, key, mask) in cases {
      try #require(match.map(\.kind) == ["ct", "bitwise", "cmp"])
      #expect((match[0] as? LoadConnection)?.key == key)
      #expect((match[1] as? Mask)?.mask == mask)
      #expect((match[2] as? Compare)?.isNegated == true)
      #expect((match[2] as? Compare)?.bytes == [0, 0, 0, 0])
    }
  }

  @Test("the names of two interfaces are looked up one behind the other", arguments: [false, true])
  func interfaces(isNegated: Bool) throws {
    let match = Match.interfaces(NFT_META_IIFNAME, NFT_META_OIFNAME, in: "set", isNegated: isNegated)
    try #require(match.map(\.kind) == ["meta", "meta", "lookup"])
    #expect((match[0] as? LoadMeta)?.key == NFT_META_IIFNAME)
    #expect((match[0] as? LoadMeta)?.register == .first)
    #expect((match[1] as? LoadMeta)?.key == NFT_META_OIFNAME)
    // The second whole register of the kernel.
    #expect((match[1] as? LoadMeta)?.register.number == 2)
    #expect((match[2] as? Lookup)?.set == "set")
    #expect((match[2] as? Lookup)?.isNegated == isNegated)
  }
}
