// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Testing

@testable import Sysctl

@Suite struct AllowlistTests {
  private static func isAllowed(_ text: String, by list: String, interface: String = "eth0") throws -> Bool {
    let key = try #require(SysctlKey(text, interface: interface))
    let allowlist = Allowlist(list)
    do {
      try allowlist.require(key)
      return true
    } catch {
      return false
    }
  }

  private static func refusal(of text: String, by list: String) throws -> String {
    let key = try #require(SysctlKey(text, interface: "eth0"))
    let allowlist = Allowlist(list)
    return try #require(throws: Allowlist.Refusal.self) { try allowlist.require(key) }.description
  }

  @Test(
    "a list that names nothing allows nothing",
    arguments: ["", "\n", "\r\n\r\n", " \t\n", "# net.core.somaxconn", "#.*\n  # .*\n"])
  func empty(list: String) throws {
    #expect(try Self.refusal(of: "net.core.somaxconn", by: list) == "net.core.somaxconn is not allowed")
  }

  @Test(
    "a pattern that matches the whole key allows it, with anchors or without",
    arguments: [
      #"net\.core\.somaxconn"#, #"^net\.core\.somaxconn$"#, #"^net\.core\.somaxconn"#, #"net\.core\.somaxconn$"#,
      "net.core.somaxconn", "net.core.[a-z]+", #"^net\.core\..*$"#, ".*", "net.*", "net.*?", #"net(\.[a-z_0-9]+)+"#,
      #"\Anet\.core\.somaxconn\z"#, "(?i)NET.CORE.SOMAXCONN", "net.core|net.core.somaxconn", "net.core(|.somaxconn)",
      "[[:alpha:].]+", #"net\.(core|unix)\.\w+"#,
    ])
  func wholeMatch(pattern: String) throws {
    #expect(try Self.isAllowed("net.core.somaxconn", by: pattern))
    #expect(try Self.isAllowed("net/core/somaxconn", by: pattern))
  }

  @Test(
    "the usual ways to write a pattern for upstream are understood",
    arguments: [
      #"^net\.core\.\w+$"#, #"net\.core\.[\w-]+"#, #"(?P<x>net)\.core\.a"#, #"net\.core\.(?:a|b)"#, #"\Qnet.core.\Ea"#,
      #"net\.core\.[[:alnum:]]"#, #"net\.core\.a{1}"#, #"net\.core\.[^/]"#, #"net\.core\x2ea"#, #"(?s)net.core.a"#,
      #"net\/?.core\.a"#, #"net.core.[a\-z]"#, #"net.core.[a\.z]"#, #"net\.core\.[a-z_.-]+"#,
      #"^(net\.core\..*|net\.ipv4\..*)$"#,
    ])
  func upstreamPatterns(pattern: String) throws {
    #expect(try Self.isAllowed("net.core.a", by: pattern))
  }

  @Test(
    "a pattern that matches nothing of the key does not allow it",
    arguments: ["net.ipv4.*", #"^core"#, "somaxconn.+", "NET.CORE.SOMAXCONN", "net/core/somaxcon/", "kernel.*"])
  func noMatch(pattern: String) throws {
    #expect(try Self.refusal(of: "net.core.somaxconn", by: pattern) == "net.core.somaxconn is not allowed")
  }

  @Test(
    "a pattern that matches a part only does not allow the key; the error names its line and says what to do",
    arguments: [
      #"net\.ipv4\.ip_forward"#, #"^net\.ipv4\.ip_forward"#, "net.ipv4", "ip_forward", #"_use_pmtu$"#, "x*", "p",
    ])
  func partialMatch(pattern: String) throws {
    let text = try Self.refusal(of: "net.ipv4.ip_forward_use_pmtu", by: "# one\n\nnet.core.x\n\(pattern)\nnet")
    #expect(text.hasPrefix("net.ipv4.ip_forward_use_pmtu is not allowed: line 4, \"\(pattern)\", matches a part"))
    #expect(text.contains("whole key"))
    #expect(text.contains("\".*\""))
  }

  @Test("a part that one pattern matches does not spoil the whole match of another")
  func partialAndWhole() throws {
    #expect(try Self.isAllowed("net.core.somaxconn", by: "net.core\nnet.core.somaxconn\ncore"))
  }

  @Test(
    "comments, blank lines, white space around patterns and any end of line are fine",
    arguments: [
      "# a comment\nnet.core.x\n", "\n\n  \nnet.core.x", "  net.core.x\t \n", "# a\r\n\r\nnet.core.x\r\n# b\r\n",
      "net.core.y\rnet.core.x\r", "\t# net.(\nnet.core.x", "net.core.x",
    ])
  func layout(list: String) throws {
    #expect(try Self.isAllowed("net.core.x", by: list))
    #expect(try !Self.isAllowed("net.core.z", by: list))
  }

  @Test(
    "a pattern that is none is told with its line, and the rest of the list counts",
    arguments: [
      ("net.(", 1), ("\nnet.core.x\n  net.( ", 3), ("# (\r\n\r\nok\r\nnet.(\r\n", 4), ("ok\nnet.(\n[", 2),
    ])
  func badPattern(list: String, line: Int) throws {
    let unusable = Allowlist(list).unusableLines
    #expect(unusable.first?.hasPrefix("line \(line): \"net.(\" is not a regular expression: ") == true)
    #expect(try Self.isAllowed("net.core.y", by: list + "\nnet.core.y"))
    let text = try Self.refusal(of: "net.core.z", by: list)
    #expect(text.hasPrefix("net.core.z is not allowed; line \(line): \"net.(\" is not a regular expression: "))
  }

  @Test(
    "many kinds of broken patterns are told", arguments: ["(", ")", "[", "[z-a]", "*", "+x", #"\"#, "x{2,1}", #"\C"#])
  func brokenPatterns(pattern: String) {
    #expect(Allowlist("net.core.x\n\(pattern)\n").unusableLines.count == 1)
  }

  @Test(
    "classes of one letter, as upstream's expressions may have them, are understood",
    arguments: [#"net\.\pL+\.x"#, #"net\.[\pL]+\.x"#, #"net\.\PN+\.x"#, #"\pL+.\p{L}+.\pL"#, #"\Qnet.core\E.\pL"#])
  func shortClasses(pattern: String) throws {
    #expect(try Self.isAllowed("net.core.x", by: pattern))
    #expect(try !Self.isAllowed("net.1234.x", by: pattern))
  }

  @Test(
    "braces are put only around a class of one letter",
    arguments: [
      (#"\pL"#, #"\p{L}"#), (#"\PN1"#, #"\P{N}1"#), (#"\p{Greek}"#, #"\p{Greek}"#), (#"\\pL"#, #"\\pL"#), ("pL", "pL"),
      (#"\Q\pL\E\pL"#, #"\Q\pL\E\p{L}"#), (#"\p"#, #"\p"#), (#"\"#, #"\"#), (#"\p1"#, #"\p1"#),
    ])
  func braces(pattern: String, expected: String) {
    #expect(Allowlist.bracingCharacterClasses(pattern) == expected)
  }

  @Test(
    "patterns with the word IFNAME, as the lists of nodes have them, allow the container's interface and no other",
    arguments: [
      "net.ipv4.conf.IFNAME.arp_filter", "net/ipv4/conf/IFNAME/arp_filter", "net.ipv4.conf.#.arp_filter",
      "net/ipv4/conf/#/arp_filter",
    ], ["eth0", "net1"])
  func placeholder(spelling: String, interface: String) throws {
    let text = spelling.split(separator: "#").joined(separator: interface)
    let list = "^net.ipv4.conf.IFNAME.[a-z_]*$\n^net.ipv6.conf.IFNAME.[a-z_]*$\n"
    #expect(try Self.isAllowed(text, by: list, interface: interface))
    #expect(try !Self.isAllowed("net.ipv4.conf.all.arp_filter", by: list, interface: interface))
    #expect(try !Self.isAllowed("net.ipv4.conf.eth9.arp_filter", by: list, interface: interface))
    #expect(try !Self.isAllowed("net.ipv4.conf.IFNAME.x9", by: list, interface: interface))
  }

  @Test(
    "a pattern sees the usual spelling, whatever the key's",
    arguments: ["net.ipv4.conf.eth0/100.x", "net/ipv4/conf/eth0.100/x", "net.ipv4.conf.eth0.100.x"])
  func usualSpelling(text: String) throws {
    for pattern in ["net.ipv4.conf.eth0/100.x", "net.ipv4.conf.IFNAME.x", #"net\.ipv4\.conf\.[^.]+\.x"#] {
      #expect(try Self.isAllowed(text, by: pattern, interface: "eth0.100"))
    }
    // With slashes a pattern means the key as it is with slashes.
    for pattern in ["net/ipv4/conf/eth0.100/x", #"^net/ipv4/conf/[^/]+/x$"#, "net/ipv4/conf/IFNAME/.*"] {
      #expect(try Self.isAllowed(text, by: pattern, interface: "eth0.100"))
      #expect(try !Self.isAllowed("net.ipv4.conf.all.y.x", by: pattern, interface: "eth0.100"))
    }
    #expect(try !Self.isAllowed(text, by: "net/ipv4/conf/eth0/100/x", interface: "eth0.100"))
  }

  @Test("a pattern without a slash does not see the key with slashes, in which its parts run together")
  func onlyDots() throws {
    #expect(try !Self.isAllowed("net.ipv4.conf.a.b.x", by: #"net.ipv4.conf.[^.]+.x"#))
    #expect(try !Self.isAllowed("net/ipv4/conf/a/b/x", by: #"net.ipv4.conf.[^.]+.x"#))
  }
}
