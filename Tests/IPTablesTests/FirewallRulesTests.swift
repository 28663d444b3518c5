// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import NFTables
import Address
import CNI
import Netlink
import Rules
import Testing

@testable import IPTables
@testable import IPTablesLegacy

@Suite struct FirewallRulesTests {
  @Test("the jumps have upstream's comments")
  func jumps() {
    #expect(
      FirewallRules.jumpToForwarding.text == #"-m comment --comment "CNI firewall plugin rules" -j CNI-FORWARD"#)
    #expect(
      FirewallRules.jumpToAdmin("CNI-ADMIN").text
        == #"-m comment --comment "CNI firewall plugin admin overrides" -j CNI-ADMIN"#)
    #expect(
      FirewallRules.jumpToIsolation.text == #"-m comment --comment "CNI firewall plugin rules "#
        + #"(ingressPolicy: same-bridge|isolated)" -j CNI-ISOLATION-STAGE-1"#)
  }

  @Test(
    "an address is accepted as upstream accepts it: first replies to it, then all packets from it",
    arguments: [("10.22.0.5", "10.22.0.5/32"), ("fd00::5", "fd00::5/128")])
  func accepts(address: String, prefix: String) throws {
    #expect(
      FirewallRules.accepts(try #require(IPAddress(address))).map(\.text) == [
        "-d \(prefix) -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT", "-s \(prefix) -j ACCEPT",
      ])
  }

  @Test("a bridge is isolated as upstream isolates it")
  func isolation() {
    #expect(
      FirewallRules.leaving("cni0").text == #"-i cni0 ! -o cni0 -m comment --comment "CNI firewall plugin rules "#
        + #"(ingressPolicy: same-bridge)" -j CNI-ISOLATION-STAGE-2"#)
    #expect(
      FirewallRules.staying("cni0").text == #"-i cni0 -o cni0 -m comment --comment "CNI firewall plugin rules "#
        + #"(ingressPolicy: isolated)" -j DROP"#)
    #expect(
      FirewallRules.entering("cni0").text == #"-o cni0 -m comment --comment "CNI firewall plugin rules "#
        + #"(ingressPolicy: same-bridge|isolated)" -j DROP"#)
    #expect(
      FirewallRules.end.text == #"-m comment --comment "CNI firewall plugin rules "#
        + #"(ingressPolicy: same-bridge|isolated)" -j RETURN"#)
    #expect(
      FirewallRules.publishedPorts.text == #"-m conntrack --ctstate DNAT -m comment --comment "#
        + #""CNI firewall plugin rules (published ports)" -j RETURN"#)
  }

  @Test(
    "the rules of a bridge are those of its kind, in the order of the chains",
    arguments: [
      (Isolation.Kind.sameBridge, [FirewallRules.leaving("cni0")]),
      (.isolated, [FirewallRules.leaving("cni0"), FirewallRules.staying("cni0")]),
    ])
  func bridge(kind: Isolation.Kind, first: [IPTablesRule]) {
    let rules = FirewallRules.isolation(Isolation(bridge: "cni0", kind, port: "veth0"))
    #expect(rules.stage1 == first)
    #expect(rules.stage2 == [FirewallRules.entering("cni0")])
  }

  @Test(
    "the gate accepts packets by one bit of the fwmark, whatever the other bits are",
    arguments: [(0, "0x1/0x1"), (12, "0x1000/0x1000"), (31, "0x80000000/0x80000000")])
  func acceptMarked(bit: Int, mark: String) {
    #expect(
      FirewallRules.acceptMarked(bit: bit).text
        == #"-m comment --comment "accepted by table inet swift_cni" -m mark --mark \#(mark) -j ACCEPT"#)
  }

  @Test("every rule is the same after it was encoded and decoded in both variants and families")
  func roundTrip() throws {
    for family in AddressFamily.allCases {
      let address = try #require(IPAddress(family == .ip ? "10.22.0.5" : "fd00::5"))
      var rules = FirewallRules.accepts(address) + [FirewallRules.jumpToForwarding]
      rules += [0, 12, 31].map { FirewallRules.acceptMarked(bit: $0) }
      rules += [FirewallRules.jumpToAdmin("CNI-ADMIN"), FirewallRules.jumpToIsolation, FirewallRules.end]
      rules += [FirewallRules.publishedPorts, FirewallRules.leaving("cni0"), FirewallRules.staying("cni0")]
      rules.append(FirewallRules.entering("cni0"))
      for rule in rules {
        let bytes = Expression.encoded(rule.expressions(family))
        #expect(Expression.decoded(bytes[...]).flatMap { IPTablesRule($0, family) } == rule)
        var jump: String?
        if case .jump(let chain) = rule.target { jump = chain }
        let format = EntryFormat(family)
        #expect(IPTablesRule(entry: rule.entry(format)[...], format, jump: jump) == rule)
        #expect(try IPTablesRule(shellWords(rule.text), family) == rule)
      }
    }
  }
}
