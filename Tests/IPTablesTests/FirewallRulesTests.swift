// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI
import Netlink
import Rules
import Testing

@testable import IPTables

@Suite struct FirewallRulesTests {
  private static let owner = Owner(network: "net", containerID: "id", interface: "eth0")

  private static func rules(
    _ addresses: [String], _ isolation: Isolation? = nil, family: AddressFamily = .ip
  ) throws -> FirewallRules {
    var rules: [Rule] = try addresses.map { .acceptForwarded(ForwardAccept(try #require(IPAddress($0)))) }
    if let isolation { rules.append(.isolate(isolation)) }
    return FirewallRules(OwnedRules(owner: owner, rules: rules), family)
  }

  @Test("the jumps have the peer's comments")
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
    "an address is accepted as the peer accepts it: answers to it first, then all from it",
    arguments: [("10.22.0.5", "10.22.0.5/32"), ("fd00::5", "fd00::5/128")])
  func accepts(address: String, prefix: String) throws {
    #expect(
      FirewallRules.accepts(try #require(IPAddress(address))).map(\.text) == [
        "-d \(prefix) -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT", "-s \(prefix) -j ACCEPT",
      ])
  }

  @Test("a bridge is isolated as the peer isolates it")
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
    "an owner is marked for each address, and for each kind of rules that it wants for the bridge",
    arguments: [
      (nil, []), (Isolation(bridge: "cni0", .sameBridge), [.sameBridge]),
      (Isolation(bridge: "cni0", .isolated), [.sameBridge, .isolated]),
    ] as [(Isolation?, [Isolation.Kind])])
  func wishes(isolation: Isolation?, kinds: [Isolation.Kind]) throws {
    func accepts(_ addresses: [String]) throws -> [Wish] { try addresses.map { .accept(try #require(IPAddress($0))) } }
    let bridges = kinds.map { Wish.isolation(of: "cni0", $0) }
    let four = try Self.rules(["10.22.0.5", "fd00::5", "10.22.0.6"], isolation)
    #expect(four.wishes == (try accepts(["10.22.0.5", "10.22.0.6"])) + bridges)
    let six = try Self.rules(["10.22.0.5", "fd00::5"], isolation, family: .ip6)
    #expect(six.wishes == (try accepts(["fd00::5"])) + bridges)
    #expect(six.isolation == isolation)
  }

  @Test("rules of the other family are left out, and of other kinds")
  func families() throws {
    let four = try Self.rules(["10.22.0.5"])
    #expect(!four.isEmpty && four.addresses.map(\.description) == ["10.22.0.5"])
    #expect(try Self.rules(["10.22.0.5"], family: .ip6).isEmpty)
    #expect(try Self.rules([], Isolation(bridge: "cni0", .isolated)).isEmpty)
    let others = OwnedRules(owner: Self.owner, rules: [.dropInvalid(.loopback6)])
    #expect(FirewallRules(others, .ip6).isEmpty && FirewallRules(others, .ip6).isolation == nil)
  }

  @Test("every rule is the same after the kernel's forms of it were read, of both families")
  func roundTrip() throws {
    for family in AddressFamily.allCases {
      let address = try #require(IPAddress(family == .ip ? "10.22.0.5" : "fd00::5"))
      let isolated = try Self.rules(["\(address)"], Isolation(bridge: "cni0", .isolated), family: family)
      var rules = FirewallRules.accepts(address) + [FirewallRules.jumpToForwarding]
      for marking in Marking.allCases { rules += isolated.wishes.map { marking.mark($0, isolated.owner).rule } }
      rules += [FirewallRules.jumpToAdmin("CNI-ADMIN"), FirewallRules.jumpToIsolation, FirewallRules.end]
      rules += [FirewallRules.publishedPorts, FirewallRules.leaving("cni0"), FirewallRules.staying("cni0")]
      rules.append(FirewallRules.entering("cni0"))
      for rule in rules {
        let bytes = NFTExpression.encoded(rule.expressions(family))
        #expect(NFTExpression.decoded(bytes[...]).flatMap { IPTablesRule($0, family) } == rule)
        var jump: String?
        if case .jump(let chain) = rule.target { jump = chain }
        let format = EntryFormat(family)
        #expect(IPTablesRule(entry: rule.entry(format)[...], format, jump: jump) == rule)
        #expect(try IPTablesRule(shellWords(rule.text), family) == rule)
      }
    }
  }
}
