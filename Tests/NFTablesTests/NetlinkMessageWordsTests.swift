// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CLinux
import Netlink
import Testing

@testable import NFTables

/// Changes in nft's words, as a log tells them.
@Suite struct NetlinkMessageWordsTests {
  private static let ports = NamedSet(
    "hostports4", key: [.internetProtocol, .internetService], data: [.ipv4Address, .internetService])
  private static let bridges = NamedSet("bridges", key: [.interfaceName, .interfaceName])

  private func words(_ message: NetlinkMessage) -> String {
    message.nftCommand { name in [Self.ports, Self.bridges].first { $0.name == name } }
  }

  @Test("tables, chains and sets are added and deleted as nft is told to")
  func objects() {
    #expect(words(table.create()) == "add table inet swift_cni")
    #expect(words(Table(.bridge, "x").ensure()) == "add table bridge x")
    #expect(words(table.create(Chain("c"))) == "add chain inet swift_cni c")
    let hook = Chain.Hook(type: "nat", number: 4, priority: -99, policy: .drop)
    #expect(
      words(table.create(Chain("c", hook: hook)))
        == "add chain inet swift_cni c { type nat hook postrouting priority -99; policy drop; }")
    #expect(words(table.delete(chain: "c")) == "delete chain inet swift_cni c")
    #expect(
      words(table.create(Self.ports))
        == "add map inet swift_cni hostports4 { type inet_proto . inet_service : ipv4_addr . inet_service; flags timeout; }"
    )
    let ranges = NamedSet("r", key: [.ipv6Address], isInterval: true)
    #expect(words(table.create(ranges)) == "add set inet swift_cni r { type ipv6_addr; flags interval; }")
    #expect(words(table.delete(set: "r")) == "delete set inet swift_cni r")
  }

  @Test("elements are told in the types of their set, with comment and timeout")
  func elements() throws {
    let mapping = Element(
      "hostports4", key: [6, 0, 0, 0, 0x1f, 0x90, 0, 0], data: [10, 22, 0, 7, 0, 80, 0, 0],
      comment: Comment(text: "net/id/eth0"))
    let added = try #require(table.add([mapping], exclusively: true).first)
    #expect(
      words(added)
        == #"add element inet swift_cni hostports4 { tcp . 8080 comment "net/id/eth0" : 10.22.0.7 . 80 }"#)
    let expiring = try #require(table.expire([mapping], in: 1).first)
    #expect(words(expiring).contains("tcp . 8080 timeout 1ms comment"))
    let name = Array("cni0".utf8) + [UInt8](repeating: 0, count: 12)
    let bridge = try #require(table.delete([Element("bridges", key: name + name, comment: nil)]).first)
    #expect(words(bridge) == #"delete element inet swift_cni bridges { "cni0" . "cni0" }"#)
  }

  @Test("of a set that is not known the bytes of a key are told")
  func unknownSet() throws {
    let limit = Element("x", key: [10, 0], comment: nil, endsInterval: true)
    let message = try #require(table.add([limit], exclusively: true).first)
    #expect(words(message) == "add element inet swift_cni x { 0x0a00 [end] }")
  }

  @Test("rules are told with their expressions as nft prints them for who debugs netlink")
  func rules() {
    let rule = NFTRule("c", Match.transport(.udp) + [.jump("d")], comment: "why", at: .head)
    #expect(
      words(table.add(rule))
        == #"insert rule inet swift_cni c [ meta load l4proto => reg 1 ] [ cmp eq reg 1 0x11 ] [ immediate reg 0 jump -> d ] comment "why""#
    )
    let behind = NFTRule("c", [.counter, .accept], at: .after(7))
    #expect(
      words(table.add(behind))
        == "add rule inet swift_cni c position 7 [ counter pkts 0 bytes 0 ] [ immediate reg 0 accept ]")
    #expect(words(table.delete(rule: 7, from: "c")) == "delete rule inet swift_cni c handle 7")
    #expect(words(table.flush(chain: "c")) == "flush chain inet swift_cni c")
  }

  @Test("every expression has words", arguments: Expression.samples)
  func expressions(sample: Expression) {
    #expect(sample.words.hasPrefix("[ \(sample.kind) ") && sample.words.hasSuffix(" ]"))
  }
}
