// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI
import Rules

/// The rules of an attachment in the table `filter` of one family, under the peer's names:
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
/// For each owner that is marked for an address there is one accept of each kind: see ``Marking``.
struct FirewallRules {
  static let forwarding = "CNI-FORWARD"
  static let stage1 = "CNI-ISOLATION-STAGE-1"
  static let stage2 = "CNI-ISOLATION-STAGE-2"
  /// The chains that are looked at whoever the owner is.
  static let shared = [forwarding, Wish.accepts, "FORWARD"]

  let family: AddressFamily
  let owner: OwnerTag
  let addresses: [IPAddress]
  let isolation: Isolation?

  /// Takes the rules of a family; those of the other are left out.
  init(_ wanted: OwnedRules, _ family: AddressFamily) {
    self.family = family
    owner = OwnerTag(wanted.owner)
    addresses = wanted.rules.accepts.map(\.address).filter { $0.family == family }
    isolation = wanted.rules.isolations.first
  }

  /// What an owner is marked for in a table.
  init(_ family: AddressFamily, _ owner: OwnerTag, _ marks: Marks) {
    self.family = family
    self.owner = owner
    addresses = marks.addresses
    isolation = marks.isolation
  }

  var isEmpty: Bool { addresses.isEmpty }

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
        destination: host, matches: [.connection(ConnectionMatch([.related, .established]))], target: .accept),
      IPTablesRule(source: host, target: .accept),
    ]
  }

  // MARK: - Owners

  /// What the owner is marked for.
  var wishes: [Wish] {
    let kinds: [Isolation.Kind] =
      switch isolation?.kind {
      case nil: []
      case .sameBridge: [.sameBridge]
      case .isolated: [.sameBridge, .isolated]
      }
    let bridge = isolation?.bridge ?? ""
    return addresses.map { .accept($0) } + kinds.map { .isolation(of: bridge, $0) }
  }

  // MARK: - Isolation

  static let jumpToIsolation = IPTablesRule(
    matches: [comment("ingressPolicy: same-bridge|isolated")], target: .jump(stage1))
  static let end = IPTablesRule(matches: [comment("ingressPolicy: same-bridge|isolated")], target: .return)
  /// Ours alone.
  static let publishedPorts = IPTablesRule(
    matches: [.connection(ConnectionMatch([.destinationTranslated])), comment("published ports")], target: .return)

  /// The first is about packets to other bridges, the second to the same.
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

/// What an owner had before a change.
struct FormerRules {
  let rules: FirewallRules
  /// Accepts that were there without a mark, as the peer has added them, and are the owner's since.
  let adopted: [IPTablesRule]
}

extension [Rule] {
  /// The isolations among the rules.
  var isolations: [Isolation] {
    compactMap { rule in
      guard case .isolate(let isolation) = rule else { return nil }
      return isolation
    }
  }
}
