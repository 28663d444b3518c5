// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CLinux
import Netlink

/// The part of firewall. Branches are one for each list of what a network's containers do not reach (`denied4_…`):
///
/// ```
/// table inet swift_cni {
///   set firewall_attachments { type ifname . ifname }          who has what follows, and how many elements
///   set containers4          { type ipv4_addr }                whose packets are let through
///   set tracked4             { type ipv4_addr }                who sends and gets no packet that is of no connection
///   set bridges              { type ifname . ifname }          cni0 . cni0: containers on these do not reach one another,
///   set isolated_bridges     { type ifname . ifname }          and on these not even those on the same
///   set bridges_cni0         { type ifname . ifname }          who wants that of cni0: with the last one it goes
///   set denied4_…            { type ipv4_addr }                the containers of a network with such a list
///   set denied4_…_ranges     { type ipv4_addr; flags interval } what they do not reach
///
///   chain forward { type filter hook forward priority filter
///     jump admin
///     ct state invalid jump invalid
///     jump isolation
///     jump restrictions
///     ip daddr @containers4 ct state established,related accept
///     ip saddr @containers4 accept
///   }
///   chain admin {                                              whatever the administrator puts there
///   }
///   chain invalid {
///     ip saddr @tracked4 drop
///     ip daddr @tracked4 drop
///   }
///   chain isolation {
///     iifname . iifname != @bridges return
///     ct status dnat return                                    published ports
///     iifname . oifname @isolated_bridges drop
///     iifname . oifname @bridges return
///     oifname . oifname @bridges drop
///   }
///   chain restrictions {
///     ip saddr @denied4_… jump denied4_…
///   }
///   chain denied4_… {
///     ct state established,related return                      who may reach the container gets its answers
///     ip daddr @denied4_…_ranges drop
///   }
/// }
/// ```
///
/// An accept ends only this table's look at a packet, but a drop is final, whoever else would accept.
extension Part {
  static let firewallAttachments = SetObject(name: "firewall_attachments", key: [.interfaceName, .interfaceName])

  static let firewallSets =
    [firewallAttachments] + AddressFamily.allCases.flatMap { [containers($0), tracked($0)] } + firewallSharedSets

  static func containers(_ family: AddressFamily) -> SetObject {
    SetObject(name: "containers\(family.suffix)", key: [.address(family)])
  }

  static func tracked(_ family: AddressFamily) -> SetObject {
    SetObject(name: "tracked\(family.suffix)", key: [.address(family)])
  }

  static let firewallSharedSets = [bridges, isolatedBridges]

  /// A bridge's name stands twice, as rules look for one of a packet's interfaces in the place of both, or for both.
  static let bridges = SetObject(name: "bridges", key: [.interfaceName, .interfaceName])
  static let isolatedBridges = SetObject(name: "isolated_bridges", key: [.interfaceName, .interfaceName])

  static let restrictions = "restrictions"

  static let firewallChains = [
    Chain(name: "admin", isAdministrators: true),
    Chain(name: "invalid"),
    Chain(name: "isolation"),
    Chain(name: restrictions),
    Chain(name: "forward", hook: .filterForward),
  ]

  static let firewallRules: [RuleObject] =
    [
      RuleObject("forward", [.jump("admin")]),
      RuleObject("forward", Match.ofNoConnection + [.jump("invalid")]),
      RuleObject("forward", [.jump("isolation")]),
      RuleObject("forward", [.jump(restrictions)]),
    ]
    + AddressFamily.allCases.flatMap { family in
      [
        RuleObject(
          "forward",
          Match.address(.destination, family, in: containers(family).name) + Match.ofKnownConnection + [.accept]),
        RuleObject("forward", Match.address(.source, family, in: containers(family).name) + [.accept]),
        RuleObject("invalid", Match.address(.source, family, in: tracked(family).name) + [.drop]),
        RuleObject("invalid", Match.address(.destination, family, in: tracked(family).name) + [.drop]),
      ]
    } + [
      isolation(NFT_META_IIFNAME, NFT_META_IIFNAME, bridges, isNegated: true, .return),
      RuleObject("isolation", Match.destinationTranslated + [.return]),
      isolation(NFT_META_IIFNAME, NFT_META_OIFNAME, isolatedBridges, .drop),
      isolation(NFT_META_IIFNAME, NFT_META_OIFNAME, bridges, .return),
      isolation(NFT_META_OIFNAME, NFT_META_OIFNAME, bridges, .drop),
    ]

  private static func isolation(
    _ first: nft_meta_keys, _ second: nft_meta_keys, _ set: SetObject, isNegated: Bool = false, _ verdict: NFTExpression
  ) -> RuleObject {
    RuleObject("isolation", Match.interfaces(first, second, in: set.name, isNegated: isNegated) + [verdict])
  }
}
