// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CallSupport
import JSON
import Rules
import Testing

@testable import Portmap

@Suite struct ConditionParserTests {
  private static func parse(_ items: [String], _ family: AddressFamily) throws(FieldError) -> [Condition] {
    try ConditionParser.parse(Field(path: "conditionsV4", .array(items.map { .string($0) })), family)
  }

  private static func prefixes(_ texts: String...) -> [Prefix] { texts.compactMap { Prefix($0) } }

  @Test(
    "a condition is read",
    arguments: [
      ("ip saddr 10.0.0.0/8", .source(prefixes("10.0.0.0/8"))), ("ip saddr 10.1.2.3", .source(prefixes("10.1.2.3/32"))),
      ("ip saddr 10.1.2.3/8", .source(prefixes("10.0.0.0/8"))),
      ("ip daddr 10.1.2.3", .destination(prefixes("10.1.2.3/32"))),
      ("ip saddr { 10.0.0.0/8, 192.0.2.1 }", .source(prefixes("10.0.0.0/8", "192.0.2.1/32"))),
      ("ip saddr {10.0.0.0/8,192.0.2.1}", .source(prefixes("10.0.0.0/8", "192.0.2.1/32"))),
      ("ip saddr{10.0.0.0/8 ,}", .source(prefixes("10.0.0.0/8"))),
      ("\tip\n saddr  10.0.0.1 ", .source(prefixes("10.0.0.1/32"))),
      ("iifname eth0", .inputInterface("eth0", isPrefix: false)),
      (#"iifname "eth0""#, .inputInterface("eth0", isPrefix: false)),
      ("meta iifname eth0.100", .inputInterface("eth0.100", isPrefix: false)),
      (#"iifname "eth*""#, .inputInterface("eth", isPrefix: true)),
      ("iifname eth*", .inputInterface("eth", isPrefix: true)),
      ("tcp sport 80", .sourcePort(.tcp, [80...80])), ("udp sport 0", .sourcePort(.udp, [0...0])),
      ("sctp sport 1000-65535", .sourcePort(.sctp, [1000...65_535])),
      ("tcp sport {1,2-3 , 7}", .sourcePort(.tcp, [1...1, 2...3, 7...7])),
      ("meta mark 5", .mark(value: 5, mask: .max)), ("meta mark 0xFf", .mark(value: 255, mask: .max)),
      ("meta mark & 0xff == 0x10", .mark(value: 16, mask: 255)), ("meta mark&0xff==16", .mark(value: 16, mask: 255)),
      ("meta mark and 255 16", .mark(value: 16, mask: 255)), ("meta mark 4294967295", .mark(value: .max, mask: .max)),
    ] as [(String, Condition.Test)])
  func condition(text: String, test: Condition.Test) throws {
    #expect(try Self.parse([text], .ip) == [Condition(test)])
  }

  @Test("every kind of condition may be negated, with or without spaces", arguments: [" != ", "!=", " ne "])
  func negated(relation: String) throws {
    let address = Self.prefixes("10.0.0.1/32")
    let cases: [(String, String, Condition.Test)] = [
      ("ip saddr", "10.0.0.1", .source(address)), ("ip daddr", "{10.0.0.1}", .destination(address)),
      ("iifname", "eth*", .inputInterface("eth", isPrefix: true)), ("udp sport", "53", .sourcePort(.udp, [53...53])),
      ("meta mark & 1", "1", .mark(value: 1, mask: 1)),
    ]
    for (left, right, test) in cases {
      #expect(try Self.parse([left + relation + right], .ip) == [Condition(test, isNegated: true)])
    }
  }

  @Test("equality may be said", arguments: [" == ", "==", " eq "])
  func equality(relation: String) throws {
    #expect(try Self.parse(["udp sport\(relation)53"], .ip) == [Condition(.sourcePort(.udp, [53...53]))])
  }

  @Test("IPv6 is read for IPv6")
  func ip6() throws {
    let test = Condition.Test.source(Self.prefixes("fd00::/8", "::1/128"))
    #expect(try Self.parse(["ip6 saddr {fd00::1/8, ::1}"], .ip6) == [Condition(test)])
  }

  @Test("several conditions may be in one item, and one in several items")
  func several() throws {
    let expected = [
      Condition(.source(Self.prefixes("10.0.0.0/8")), isNegated: true), Condition(.sourcePort(.tcp, [1...1, 2...2])),
      Condition(.inputInterface("eth0", isPrefix: false)),
    ]
    let items = [
      ["ip saddr != 10.0.0.0/8 tcp sport { 1, 2 } iifname eth0"],
      ["ip saddr != 10.0.0.0/8", "tcp sport {1,2}", "iifname eth0"],
      ["ip", "saddr", "!=", "10.0.0.0/8 tcp sport", "{", "1", ",", "2", "}", "iifname", "eth0"],
    ]
    for list in items { #expect(try Self.parse(list, .ip) == expected) }
  }

  @Test("no list, an empty one, and empty items are no conditions")
  func none() throws {
    for text in ["null", "[]", #"[""]"#, #"[" ", null]"#] {
      #expect(try ConditionParser.parse(Field(path: "c", try JSON(text)), .ip).isEmpty)
    }
  }

  @Test(
    "an error names the token, what was expected, and the item that it stands in",
    arguments: [
      (["th dport 80"], 0, "ip, ip6, iifname, tcp, udp, sctp or meta", "th"), (["ip6 saddr ::1"], 0, "ip", "ip6"),
      (["ip saddr 10.0.0.1 x"], 0, "ip, ip6, iifname, tcp, udp, sctp or meta", "x"),
      (["ip protocol tcp"], 0, "saddr or daddr", "protocol"), (["tcp dport 80"], 0, "sport", "dport"),
      (["meta oifname eth0"], 0, "mark or iifname", "oifname"),
      (["ip saddr 10.0.0"], 0, "an IPv4 address or prefix", "10.0.0"),
      (["ip saddr 10.0.0.0/33"], 0, "an IPv4 address or prefix", "10.0.0.0/33"),
      (["ip saddr ::1"], 0, "an IPv4 address or prefix", "::1"), (["ip saddr {}"], 0, "an IPv4 address or prefix", "}"),
      (["ip saddr {10.0.0.1 10.0.0.2}"], 0, ", or }", "10.0.0.2"),
      (["ip saddr", "{10.0.0.1,", ", 10.0.0.2}"], 2, "an IPv4 address or prefix", ","),
      (["ip saddr === 10.0.0.1"], 0, "an IPv4 address or prefix", "==="),
      (["ip saddr ! 10.0.0.1"], 0, "an IPv4 address or prefix", "!"),
      (["ip saddr", "10.0.0.1", "tcp sport", "65536"], 3, "a port or a range of ports", "65536"),
      (["tcp sport -1"], 0, "a port or a range of ports", "-1"),
      (["tcp sport 9-8"], 0, "a port or a range of ports", "9-8"),
      (["tcp sport 1-"], 0, "a port or a range of ports", "1-"),
      (["tcp sport 1-2-3"], 0, "a port or a range of ports", "1-2-3"),
      (["tcp sport +80"], 0, "a port or a range of ports", "+80"),
      (["tcp sport 1-+2"], 0, "a port or a range of ports", "1-+2"),
      (["meta mark +5"], 0, "a number of 32 bits", "+5"), (["meta mark 0x+5"], 0, "a number of 32 bits", "0x+5"),
      (["tcp sport http"], 0, "a port or a range of ports", "http"),
      (["iifname *"], 0, "an interface name, or the beginning of one with *", "*"),
      (["iifname e*h0"], 0, "an interface name, or the beginning of one with *", "e*h0"),
      (["iifname {eth0,eth1}"], 0, "an interface name, or the beginning of one with *", "{"),
      (["iifname sixteen_bytes_xx"], 0, "an interface name, or the beginning of one with *", "sixteen_bytes_xx"),
      (["iifname a/b"], 0, "an interface name, or the beginning of one with *", "a/b"),
      (["meta mark 4294967296"], 0, "a number of 32 bits", "4294967296"),
      (["meta mark -1"], 0, "a number of 32 bits", "-1"),
      (["meta mark 0x"], 0, "a number of 32 bits", "0x"), (["meta mark & x == 1"], 0, "a number of 32 bits", "x"),
      (["meta mark 1/2"], 0, "a number of 32 bits", "1/2"),
    ] as [([String], Int, String, String)])
  func unexpected(items: [String], index: Int, expected: String, token: String) {
    let error = FieldError(path: "conditionsV4[\(index)]", reason: "expected \(expected), found \"\(token)\"")
    #expect(throws: error) { try Self.parse(items, .ip) }
  }

  @Test(
    "words that end too early are an error at the list",
    arguments: [
      ("ip", "saddr or daddr"), ("ip saddr", "a value"), ("ip saddr !=", "a value"), ("ip saddr {", "a value"),
      ("ip saddr { 10.0.0.1", ", or }"), ("ip saddr { 10.0.0.1,", "a value"), ("tcp", "sport"),
      ("tcp sport", "a value"),
      ("meta", "mark or iifname"), ("iifname", "an interface name"), ("iifname !=", "an interface name"),
      ("meta mark", "a number"), ("meta mark &", "a number"), ("meta mark & 1", "a number"),
      ("meta mark & 1 ==", "a number"),
    ])
  func tooEarly(text: String, expected: String) {
    #expect(throws: FieldError(path: "conditionsV4", reason: "expected \(expected) at the end")) {
      try Self.parse([text], .ip)
    }
  }

  @Test("a list that is none, or an item that is no text, is an error with its path")
  func types() {
    #expect(throws: FieldError(path: "c", reason: #"expected a list, found "ip saddr 1.2.3.4""#)) {
      try ConditionParser.parse(Field(path: "c", .string("ip saddr 1.2.3.4")), .ip)
    }
    #expect(throws: FieldError(path: "c[1]", reason: "expected a string, found 5")) {
      try ConditionParser.parse(Field(path: "c", .array([.string("ip"), .integer(5)])), .ip)
    }
  }
}
