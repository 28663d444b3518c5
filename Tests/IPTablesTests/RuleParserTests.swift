// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import Rules
import Testing

@testable import IPTables

@Suite struct RuleParserTests {
  @Test(
    "an unsupported option or an invalid value is named",
    arguments: [
      (["-x", "y"], #""-x" is not supported here"#),
      (["!", "-x"], #""! -x" is not supported here"#),
      (["--dport", "80"], #""--dport" needs "-p" before it"#),
      (["!", "-p", "tcp", "--dport", "80"], #""--dport" needs "-p" before it"#),
      (["--dports", "80"], #""--dports" needs "-p" before it"#),
      (["-s"], #""-s" needs a value"#), (["!"], #""!" needs a value"#), (["-s", "!"], #""-s" needs a value"#),
      (["-s", "x"], #""-s x": expected an IPv4 address or prefix"#),
      (["-d", "fd00::1"], #""-d fd00::1": expected an IPv4 address or prefix"#),
      (["-p", "gre"], #""-p gre": expected tcp, udp or sctp"#),
      (["-i", "+"], #""-i +": expected the name of an interface, or its beginning and "+""#),
      (["-i", "a/b"], #""-i a/b": expected the name of an interface, or its beginning and "+""#),
      (
        ["-o", "sixteencharacter"],
        #""-o sixteencharacter": expected the name of an interface, or its beginning and "+""#
      ),
      (["-p", "tcp", "--sport", "5:4"], #""--sport 5:4": expected a port, or two with a colon between"#),
      (["-p", "tcp", "--sport", "65536"], #""--sport 65536": expected a port, or two with a colon between"#),
      (["-p", "tcp", "--sports", "1,,2"], #""--sports 1,,2": expected ports with commas between"#),
      (
        ["-p", "tcp", "--sports", "1:2,3:4,5:6,7:8,9:10,11:12,13:14,15:16"],
        #""--sports 1:2,3:4,5:6,7:8,9:10,11:12,13:14,15:16": expected at most 15 ports"#
      ),
      (["-m", "recent"], #""-m recent" is not supported here"#),
      (["!", "-m", "mark"], #""! -m mark" is not supported here"#),
      (["--mark", "x"], #""--mark x": expected a number, or a number and a mask with a slash between"#),
      (["--mark", "1/"], #""--mark 1/": expected a number, or a number and a mask with a slash between"#),
      (
        ["--mark", "0x100000000"],
        #""--mark 0x100000000": expected a number, or a number and a mask with a slash between"#
      ),
      (["-m", "conntrack", "--ctstate", "OLD"], #""--ctstate OLD": expected connection states"#),
      (["!", "--comment", "x"], #""! --comment" is not supported here"#),
      (["-j", "MARK"], #""-j MARK without --set-xmark" is not supported here"#),
      (["-j", "DNAT", "--to-destination", "x"], #""--to-destination x": expected an address and a port"#),
      (["!", "-j", "ACCEPT"], #""! -j" is not supported here"#),
    ])
  func refusal(words: [String], message: String) {
    let error = #expect(throws: RuleSyntaxError.self) { try IPTablesRule(words, .ip) }
    #expect(error?.description == message)
  }

  @Test("a comment has at most 255 bytes")
  func comment() throws {
    let longest = String(repeating: "c", count: 255)
    #expect(try IPTablesRule(["--comment", longest], .ip).comment == longest)
    #expect(throws: RuleSyntaxError.self) { try IPTablesRule(["--comment", longest + "c"], .ip) }
  }

  @Test(
    "all spellings of an option make the same rule",
    arguments: [
      ("-s 10.0.0.1", "--source 10.0.0.1/32"), ("-d 10.1.2.3/8", "--dst 10.0.0.0/8"),
      ("-i eth0", "--in-interface eth0"),
      ("-o eth+", "--out-interface eth+"), ("-p TCP", "--protocol tcp"),
      ("-p udp --sport 5", "-p udp -m udp --source-port 5:5"),
      ("-p tcp --dport 5", "-p tcp --destination-port 5"),
      ("-p tcp --dports 1,2", "-p tcp -m multiport --destination-ports 1,2"),
      ("--mark 16", "-m mark --mark 0x10/0xffffffff"), ("--src-type local", "-m addrtype --src-type LOCAL"),
      ("-j ACCEPT", "--jump ACCEPT"), ("-m mark --mark 1", "--match mark --mark 1"),
    ])
  func spellings(first: String, second: String) throws {
    func rule(_ text: String) throws -> IPTablesRule {
      try IPTablesRule(text.split(separator: " ").map(String.init), .ip)
    }
    #expect(try rule(first) == rule(second))
  }

  @Test("words in any order and number never trap")
  func anything() {
    let words = [
      "!", "-s", "-d", "-i", "-o", "-p", "-m", "-j", "tcp", "sctp", "--sport", "--dports", "--mark", "--comment", "1",
      "1:2",
      "10.0.0.0/8", "::1", "DNAT", "MARK", "MASQUERADE", "--to-destination", "--set-xmark", "--random-fully", "",
      "multiport",
      "--ctstate", "INVALID", "--dst-type", "LOCAL", "+",
    ]
    for _ in 0..<5000 {
      let picked = (0..<Int.random(in: 0...8)).map { _ in words.randomElement() ?? "" }
      for family in AddressFamily.allCases { _ = try? IPTablesRule(picked, family).text }
    }
  }
}
