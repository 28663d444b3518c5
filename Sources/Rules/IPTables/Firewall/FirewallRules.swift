// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI
import Rules

/// The rules of upstream's plugin in the table `filter` of one family, under its names:
///
///     -A FORWARD -m comment --comment "… (ingressPolicy: same-bridge|isolated)" -j CNI-ISOLATION-STAGE-1       (before)
///     -A FORWARD -m comment --comment "CNI firewall plugin rules" -j CNI-FORWARD                              (first)
///     -A CNI-FORWARD -m comment --comment "CNI firewall plugin admin overrides" -j CNI-ADMIN                  (first)
///     -A CNI-FORWARD -d ADDRESS -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
///     -A CNI-FORWARD -s ADDRESS -j ACCEPT
///
///     -A CNI-ISOLATION-STAGE-1 -m conntrack --ctstate DNAT … "… (published ports)" -j RETURN                   (first)
///     -A CNI-ISOLATION-STAGE-1 -i BRIDGE ! -o BRIDGE … "… (ingressPolicy: same-bridge)" -j CNI-ISOLATION-STAGE-2
///     -A CNI-ISOLATION-STAGE-1 -i BRIDGE -o BRIDGE … "… (ingressPolicy: isolated)" -j DROP
///     -A CNI-ISOLATION-STAGE-1 … -j RETURN                                                                    (last)
///     -A CNI-ISOLATION-STAGE-2 -o BRIDGE … -j DROP
///     -A CNI-ISOLATION-STAGE-2 … -j RETURN                                                                    (last)
///
/// And the constant rule (the gate) that accepts what our own table has accepted, behind the administrator's chain:
///
///     -A CNI-FORWARD -m comment --comment "accepted by table inet swift_cni" -m mark --mark BIT/BIT -j ACCEPT
///
/// An address has one pair of accepts, whoever added it; our own table records the owner.
enum FirewallRules {
  static let forwarding = "CNI-FORWARD"
  static let stage1 = "CNI-ISOLATION-STAGE-1"
  static let stage2 = "CNI-ISOLATION-STAGE-2"

  // MARK: - Accepts

  static let jumpToForwarding = IPTablesRule(
    matches: [.comment(CommentMatch("CNI firewall plugin rules"))], target: .jump(forwarding))

  static let adminComment = "CNI firewall plugin admin overrides"

  static func jumpToAdmin(_ chain: String) -> IPTablesRule {
    IPTablesRule(matches: [.comment(CommentMatch(adminComment))], target: .jump(chain))
  }

  static func accepts(_ address: IPAddress) -> [IPTablesRule] {
    let host = Negatable(Prefix(host: address))
    return [
      IPTablesRule(
        destination: host, matches: [.connection(ConntrackMatch([.related, .established]))], target: .accept),
      IPTablesRule(source: host, target: .accept),
    ]
  }

  /// The accepts of the addresses that are not among the present rules.
  static func missingAccepts(of addresses: [IPAddress], present: [PlacedRule]) -> [IPTablesRule] {
    addresses.flatMap(accepts).filter { wanted in !present.contains { $0.rule == wanted } }
  }

  // MARK: - The gate

  /// `bit` is the number of the fwmark's bit, 0…31.
  static func acceptMarked(bit: Int) -> IPTablesRule {
    let value = UInt32(1) << UInt32(bit)
    return IPTablesRule(
      matches: [
        .comment(CommentMatch("accepted by table inet swift_cni")), .mark(MarkMatch(value, mask: value)),
      ],
      target: .accept)
  }

  // MARK: - Isolation

  static let jumpToIsolation = IPTablesRule(
    matches: [comment("ingressPolicy: same-bridge|isolated")], target: .jump(stage1))
  static let end = IPTablesRule(matches: [comment("ingressPolicy: same-bridge|isolated")], target: .return)
  /// Upstream has no such rule.
  static let publishedPorts = IPTablesRule(
    matches: [.connection(ConntrackMatch([.destinationTranslated])), comment("published ports")], target: .return)

  /// The rules of a bridge in both chains: for packets to other bridges, for packets within the bridge if they are dropped too,
  /// and for packets from other bridges.
  static func isolation(_ isolation: Isolation) -> (stage1: [IPTablesRule], stage2: [IPTablesRule]) {
    let bridge = isolation.bridge
    let first = [leaving(bridge)] + (isolation.kind == .isolated ? [staying(bridge)] : [])
    return (first, [entering(bridge)])
  }

  static func leaving(_ bridge: String) -> IPTablesRule {
    let name = InterfacePattern(bridge)
    return IPTablesRule(
      inputInterface: Negatable(name), outputInterface: Negatable(name, isNegated: true),
      matches: [comment("ingressPolicy: same-bridge")], target: .jump(stage2))
  }

  static func staying(_ bridge: String) -> IPTablesRule {
    let name = Negatable(InterfacePattern(bridge))
    return IPTablesRule(
      inputInterface: name, outputInterface: name, matches: [comment("ingressPolicy: isolated")], target: .drop)
  }

  static func entering(_ bridge: String) -> IPTablesRule {
    IPTablesRule(
      outputInterface: Negatable(InterfacePattern(bridge)),
      matches: [comment("ingressPolicy: same-bridge|isolated")], target: .drop)
  }

  private static func comment(_ text: String) -> RuleMatch {
    .comment(CommentMatch("CNI firewall plugin rules (\(text))"))
  }
}
