// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import Rules

/// The rules that keep others from what only this host may reach.
extension PortRules {
  static let guardTable = IPTable(.filter, .ip)
  /// The guard of an interface: it drops packets that `route_localnet`, which connections from localhost need, lets in from
  /// outside (CVE-2020-8558). Replies of containers are not dropped, because they belong to a known connection:
  ///
  ///     -A INPUT -s 127.0.0.0/8 -i cni0 … -m conntrack ! --ctstate RELATED,ESTABLISHED,DNAT -j DROP
  ///     -A INPUT -d 127.0.0.0/8 -i cni0 -m comment --comment "CNI portfwd localhost" -m conntrack … -j DROP
  static func guards(of interface: String) -> [IPTablesRule] { guards(of: Negatable(InterfacePattern(interface))) }

  /// The guard of former versions, for all interfaces but `lo`.
  static let formerGuards = guards(of: Negatable(InterfacePattern("lo"), isNegated: true))

  private static func guards(of interface: Negatable<InterfacePattern>) -> [IPTablesRule] {
    var rule = IPTablesRule(
      inputInterface: interface,
      matches: [
        .comment(CommentMatch(guardComment)),
        .connection(ConntrackMatch([.related, .established, .destinationTranslated], isNegated: true)),
      ], target: .drop)
    rule.destination = Negatable(.loopback4)
    var other = rule
    other.destination = nil
    other.source = Negatable(.loopback4)
    return [rule, other]
  }

  /// Whether connections from localhost are to reach the container.
  var opensLocalhost: Bool {
    family == .ip && forwards.contains { $0.masqueradedSources.contains { $0.contains(Prefix.loopback4.address) } }
  }

  /// The rules that keep ports published on 127.0.0.0/8 from others, to whom `route_localnet` of their interface would open them:
  /// translated packets are forwarded and never reach the guard in INPUT. Only Windows connects from outside, to a WSL in
  /// mirrored mode.
  ///
  ///     -A PREROUTING -d 127.0.0.0/8 ! -i lo -m comment --comment "CNI portfwd localhost" -j CNI-HOSTPORT-LOCAL
  ///     -A CNI-HOSTPORT-LOCAL -i loopback0 -j RETURN
  ///     -A CNI-HOSTPORT-LOCAL -j ACCEPT
  static let loopback = "CNI-HOSTPORT-LOCAL"
  static let jumpToLoopback = IPTablesRule(
    destination: Negatable(.loopback4), inputInterface: Negatable(InterfacePattern("lo"), isNegated: true),
    matches: [.comment(CommentMatch("CNI portfwd localhost"))], target: .jump(loopback))
  static let loopbackRules = [
    IPTablesRule(inputInterface: Negatable(InterfacePattern("loopback0")), target: .return),
    IPTablesRule(target: .accept),
  ]

  /// Whether a port is published on an address of 127.0.0.0/8.
  var publishesOnLoopback: Bool {
    forwards.contains { $0.hostPort.address.map { Prefix.loopback4.contains($0) } ?? false }
  }
}
