// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI
import Testing

@testable import IPTables

@Suite struct MasqueradeRulesTests {
  private static func owner(_ network: String, _ container: String) -> CNI.Attachment {
    CNI.Attachment(network: network, containerID: container, interface: "eth0")
  }

  @Test("chain, comments and rules are upstream's, for IPv4")
  func names() throws {
    let rules = MasqueradeRules(of: Self.owner("dbnet", "cid1"), .ip)
    let source = try #require(Prefix("10.22.0.2/16"))
    #expect(rules.chain == "CNI-d569b9da7284495d8b18055c")
    let comment = #"-m comment --comment "name: \"dbnet\" id: \"cid1\"""#
    #expect(rules.entry(source).text == "-s 10.22.0.2/32 \(comment) -j CNI-d569b9da7284495d8b18055c")
    #expect(rules.acceptance(source).text == "-d 10.22.0.0/16 \(comment) -j ACCEPT")
    #expect(rules.masquerading.text == "! -d 224.0.0.0/4 \(comment) -j MASQUERADE")
  }

  @Test("and for IPv6")
  func names6() throws {
    let rules = MasqueradeRules(of: Self.owner("dbnet", "cid1"), .ip6)
    let source = try #require(Prefix("fd00:22::2/64"))
    #expect(rules.entry(source).text.hasPrefix("-s fd00:22::2/128 "))
    #expect(rules.acceptance(source).text.hasPrefix("-d fd00:22::/64 "))
    #expect(rules.masquerading.text.hasPrefix("! -d ff00::/8 "))
  }

  @Test("a subnet of all addresses is no condition")
  func everything() throws {
    let rule = MasqueradeRules(of: Self.owner("n", "c"), .ip).acceptance(try #require(Prefix("10.0.0.1/0")))
    #expect(rule.destination == nil)
  }

  @Test("a comment has no more bytes than the kernel's field, and then the network's beginning tells no more")
  func long() {
    let long = String(repeating: "n", count: 300)
    #expect(MasqueradeRules(of: Self.owner(long, "c"), .ip).comment.utf8.count == 255)
    #expect(MasqueradeRules(of: Self.owner("n", long), .ip).comment.utf8.count == 255)
    #expect(!MasqueradeRules.commentPrefix(ofNetwork: long).hasSuffix("\" id: \""))
    #expect(MasqueradeRules.commentPrefix(ofNetwork: "n") == "name: \"n\" id: \"")
  }
}
