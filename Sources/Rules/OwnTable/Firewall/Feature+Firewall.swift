// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CLinux
import NFTables
import Netlink

/// The part of the table that firewall needs. Its chains on demand are one for each network's list of denied destinations
/// (`denied4_…`), and a pair for each fwmark bit by which FORWARD of iptables recognizes what is accepted here (`mark_12`,
/// `unmark_12`):
///
/// ```
/// table inet swift_cni {
///   set firewall_attachments { type ifname . ifname }          the attachments, each with the number of its other elements
///   set containers4          { type ipv4_addr }                the addresses whose packets are accepted
///   set tracked4             { type ipv4_addr }                the addresses that send and get no packets of ct state invalid,
///   set tracked_veths        { type ifname . ifname }          and the veths and bridges of these containers
///   set tracked_bridges      { type ifname . ifname }
///   set bridges              { type ifname . ifname }          cni0 . cni0: containers on these do not reach one another,
///   set isolated_bridges     { type ifname . ifname }          and on these not even those on the same
///   set bridges_cni0         { type ifname . ifname }          the attachments that isolate cni0: with the last one it goes
///   set bridge_ports         { type ifname . ifname }          the ports of attachments that isolate their bridge
///   set denied4_…            { type ipv4_addr }                the containers of a network with denied destinations,
///   set denied4_…_veths      { type ifname . ifname }          the host's ends of their veths,
///   set denied4_…_bridges    { type ifname . ifname }          or the bridges that these are ports of
///   set denied4_…_ranges     { type ipv4_addr; flags interval } the denied destinations
///
///   chain forward { type filter hook forward priority filter - 1
///     jump unmarked
///     jump admin
///     ct state invalid jump invalid
///     jump isolation
///     jump restrictions
///     ip daddr @containers4 ct state established,related goto accepted
///     ip saddr @containers4 goto accepted
///   }
///   chain admin {                                              the administrator's rules
///   }
///   chain invalid {
///     ip saddr @tracked4 drop
///     ip daddr @tracked4 drop
///     iifname . iifname @tracked_veths drop
///     oifname . oifname @tracked_veths drop
///     iifname . iifname @tracked_bridges ip saddr != @containers4 drop
///     oifname . oifname @tracked_bridges ip daddr != @containers4 drop
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
///     iifname . iifname @denied4_…_veths jump denied4_…
///     iifname . iifname @denied4_…_bridges ip saddr != @containers4 jump denied4_…
///   }
///   chain denied4_… {
///     ct state established,related return                      replies to clients of the container
///     ip daddr @denied4_…_ranges drop
///   }
///   chain accepted {
///     jump marked
///     accept
///   }
///   chain marked {
///     jump mark_12
///   }
///   chain forwarded { type filter hook forward priority filter + 1
///     jump unmarked
///   }
///   chain unmarked {
///     jump unmark_12
///   }
///   chain mark_12 { meta mark set meta mark | 0x1000 }
///   chain unmark_12 { meta mark set meta mark & 0xffffefff }
/// }
/// ```
///
/// An accept ends only the evaluation of this base chain, but a drop is final. The base chains of iptables run between `forward`
/// and `forwarded`; one constant rule in them accepts packets that carry the bit.
extension Feature {
  static let firewall = Feature(
    purpose: "filter what it forwards", attachments: firewallAttachments,
    skeleton: { firewallSkeleton }, administratorsChain: "admin", sharedSets: firewallSharedSets,
    sharedSetOnDemand: { OnDemandChain.deniedBridges(byMembersOf: $0) },
    onDemand: { .firewall(named: $0) },
    chainPrefixes: { network in
      AddressFamily.allCases.map { OnDemandChain.deniedPrefix(ofNetwork: network, $0) }
    },
    samples: { AddressFamily.allCases.map { .denied(.sample($0)) } + OnDemandChain.marking(bit: 12) })

  private static let firewallSkeleton = Skeleton(sets: firewallSets, chains: firewallChains, rules: firewallRules)

  static let firewallAttachments = NamedSet("firewall_attachments", key: [.interfaceName, .interfaceName])

  static let firewallSets =
    [firewallAttachments, trackedVeths, bridgePorts]
    + AddressFamily.allCases.flatMap { [containers($0), tracked($0)] } + firewallSharedSets

  static func containers(_ family: AddressFamily) -> NamedSet {
    NamedSet("containers\(family.suffix)", key: [.address(family)])
  }

  static func tracked(_ family: AddressFamily) -> NamedSet {
    NamedSet("tracked\(family.suffix)", key: [.address(family)])
  }

  static let trackedVeths = interfaceSet("tracked_veths")

  static let bridgePorts = interfaceSet("bridge_ports")

  static let firewallSharedSets = [bridges, isolatedBridges, trackedBridges]

  static let bridges = interfaceSet("bridges")
  static let isolatedBridges = interfaceSet("isolated_bridges")
  static let trackedBridges = interfaceSet("tracked_bridges")

  /// A set of pairs of interfaces. Rules look up one of a packet's interfaces twice, or both once; besides, nft cannot print a
  /// set of single names that it has not made itself.
  static func interfaceSet(_ name: String) -> NamedSet {
    NamedSet(name, key: [.interfaceName, .interfaceName])
  }

  static let restrictions = "restrictions"
  static let accepted = "accepted"
  static let marked = "marked"
  static let unmarked = "unmarked"

  static let firewallChains = [
    Chain("admin"),
    Chain("invalid"),
    Chain("isolation"),
    Chain(restrictions),
    Chain(accepted),
    Chain(marked),
    Chain(unmarked),
    Chain("forward", hook: .beforeFilterForward),
    Chain("forwarded", hook: .afterFilterForward),
  ]

  static let firewallRules: [NFTRule] =
    [
      NFTRule("forward", [.jump(unmarked)]),
      NFTRule("forward", [.jump("admin")]),
      NFTRule("forward", Match.ofNoConnection + [.jump("invalid")]),
      NFTRule("forward", [.jump("isolation")]),
      NFTRule("forward", [.jump(restrictions)]),
    ]
    + AddressFamily.allCases.flatMap { family in
      [
        NFTRule(
          "forward",
          Match.address(.destination, family, in: containers(family).name) + Match.ofKnownConnection
            + [.goto(accepted)]),
        NFTRule("forward", Match.address(.source, family, in: containers(family).name) + [.goto(accepted)]),
        NFTRule("invalid", Match.address(.source, family, in: tracked(family).name) + [.drop]),
        NFTRule("invalid", Match.address(.destination, family, in: tracked(family).name) + [.drop]),
        NFTRule("invalid", Match.unknown(.source, family, on: trackedBridges.name) + [.drop]),
        NFTRule("invalid", Match.unknown(.destination, family, on: trackedBridges.name) + [.drop]),
      ]
    } + [
      NFTRule("invalid", Match.interfaces(NFT_META_IIFNAME, NFT_META_IIFNAME, in: trackedVeths.name) + [.drop]),
      NFTRule("invalid", Match.interfaces(NFT_META_OIFNAME, NFT_META_OIFNAME, in: trackedVeths.name) + [.drop]),
      isolation(NFT_META_IIFNAME, NFT_META_IIFNAME, bridges, isNegated: true, .return),
      NFTRule("isolation", Match.destinationTranslated + [.return]),
      isolation(NFT_META_IIFNAME, NFT_META_OIFNAME, isolatedBridges, .drop),
      isolation(NFT_META_IIFNAME, NFT_META_OIFNAME, bridges, .return),
      isolation(NFT_META_OIFNAME, NFT_META_OIFNAME, bridges, .drop),
      NFTRule(accepted, [.jump(marked)]),
      NFTRule(accepted, [.accept]),
      NFTRule("forwarded", [.jump(unmarked)]),
    ]

  private static func isolation(
    _ first: nft_meta_keys, _ second: nft_meta_keys, _ set: NamedSet, isNegated: Bool = false, _ verdict: Expression
  ) -> NFTRule {
    NFTRule("isolation", Match.interfaces(first, second, in: set.name, isNegated: isNegated) + [verdict])
  }
}

extension Match {
  /// `iifname . iifname @set ip saddr != @containers4`: the packet comes in by one of these bridges from an address that is not
  /// accepted for any container; or, with `.destination`, goes out by one to such an address.
  static func unknown(_ side: Side, _ family: AddressFamily, on bridges: String) -> [Expression] {
    let name = side == .source ? NFT_META_IIFNAME : NFT_META_OIFNAME
    return interfaces(name, name, in: bridges)
      + address(side, family, in: Feature.containers(family).name, isNegated: true)
  }
}
