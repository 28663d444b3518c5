// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import Rules
import Testing

@Suite struct ConditionsTests {
  private static func prefixes(_ texts: String...) -> [Prefix] { texts.compactMap { Prefix($0) } }

  @Test(
    "a condition has a text in nft's words",
    arguments: [
      (.source(prefixes("10.1.2.3/8")), "saddr { 10.0.0.0/8 }", "saddr != { 10.0.0.0/8 }"),
      (
        .destination(prefixes("fd00::/64", "::1/128")), "daddr { fd00::/64, ::1/128 }",
        "daddr != { fd00::/64, ::1/128 }"
      ),
      (.inputInterface("eth0", isPrefix: false), #"iifname "eth0""#, #"iifname != "eth0""#),
      (.inputInterface("eth", isPrefix: true), #"iifname "eth*""#, #"iifname != "eth*""#),
      (.sourcePort(.udp, [53...53, 1000...2000]), "udp sport { 53, 1000-2000 }", "udp sport != { 53, 1000-2000 }"),
      (.mark(value: 0x10, mask: 0xff), "meta mark & 0xff == 0x10", "meta mark & 0xff != 0x10"),
      (.mark(value: 1, mask: .max), "meta mark & 0xffffffff == 0x1", "meta mark & 0xffffffff != 0x1"),
    ] as [(Condition.Test, String, String)])
  func text(test: Condition.Test, text: String, negated: String) {
    #expect(Condition(test).text == text)
    #expect(Condition(test, isNegated: true).text == negated)
  }
}
