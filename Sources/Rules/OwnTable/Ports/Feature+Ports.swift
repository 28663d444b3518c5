// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CLinux
import NFTables
import Netlink

/// The part of the table that portmap needs. Its chains on demand are one for each prefix length of subnets (`masquerade4_16`)
/// and one for each network's conditions (`conditions4_…`):
///
/// ```
/// table inet swift_cni {
///   set attachments        { type ifname . ifname }           the attachments, each with the number of its other elements
///   map hostip_hostports4  { type ipv4_addr . inet_proto . inet_service : ipv4_addr . inet_service }
///   map hostports4         { type inet_proto . inet_service : ipv4_addr . inet_service }
///   map waiting_hostip_hostports4, waiting_hostports4          waiting mappings, by rank: see PortQueue
///   set masquerade4_16     { type ipv4_addr . inet_proto . inet_service . inet_service . ipv4_addr }
///
///   set services4          { type ipv4_addr }                 addresses of services, which IPVS makes local to this host
///   set route_localnet     { type ifname . ifname }           cni0 . cni0: the interfaces for which we set it
///
///   chain guard { type filter hook prerouting priority raw     drops what route_localnet lets in (CVE-2020-8558)
///     iifname . iifname @route_localnet ip saddr 127.0.0.0/8 drop
///     iifname . iifname @route_localnet ip daddr 127.0.0.0/8 drop
///   }
///   chain prerouting { type nat hook prerouting priority dstnat + 1
///     iifname != "loopback0" ip daddr 127.0.0.0/8 return      what is published there is for this host
///     meta nfproto ipv4 fib daddr type local jump hostip_hostports4
///     meta nfproto ipv6 fib daddr type local jump hostip_hostports6
///   }
///   chain output { type nat hook output priority -99
///     meta nfproto ipv4 fib daddr type local jump hostip_hostports4
///     ip6 saddr != ::1 fib daddr type local jump hostip_hostports6       what comes from ::1 cannot leave the host
///   }
///   chain hostip_hostports4 {
///     ip daddr . meta l4proto . th dport @conditions4_…_hostip goto conditions4_…
///     dnat ip to ip daddr . meta l4proto . th dport map @hostip_hostports4
///     ip daddr @services4 return
///     jump hostports4
///   }
///   chain hostports4 {
///     meta l4proto . th dport @conditions4_… goto conditions4_…
///     dnat ip to meta l4proto . th dport map @hostports4
///   }
///   chain conditions4_… {                                      if it is empty, the port is closed
///     ip saddr != 192.0.2.0/24 accept                          fails the condition, and is not forwarded
///     dnat ip to ip daddr . meta l4proto . th dport map @hostip_hostports4
///     dnat ip to meta l4proto . th dport map @hostports4
///   }
///   chain postrouting { type nat hook postrouting priority srcnat + 1
///     ct status dnat jump masquerading
///   }
///   chain masquerading {
///     jump masquerade4_16
///   }
///   chain masquerade4_16 {                                     and the same for udp and sctp
///     ip daddr . meta l4proto . tcp dport . ct original proto-dst . ip saddr & 255.255.0.0 @masquerade4_16 masquerade
///   }
/// }
/// ```
extension Feature {
  static let ports = Feature(
    purpose: "forward ports", attachments: portsAttachments,
    skeleton: { portsSkeleton }, upstreamTables: Table.upstreamPorts,
    inherited: { (snapshot, session) throws(NetlinkError) in try NFTablesPorts.inheritedGuards(snapshot, session) },
    onDemand: { .portmap(named: $0) },
    chainPrefixes: { network in
      AddressFamily.allCases.map { OnDemandChain.conditionsPrefix(ofNetwork: network, $0) }
    },
    samples: { AddressFamily.allCases.map { .masquerade($0, $0.bits / 2) } })

  private static let portsSkeleton = Skeleton(sets: portsSets, chains: portsChains, rules: portsRules)

  static let portsAttachments = NamedSet("attachments", key: [.interfaceName, .interfaceName])

  static let portsSets =
    [portsAttachments]
    + AddressFamily.allCases.flatMap {
      [hostAddressPorts($0), hostPorts($0), waiting(hostAddressPorts($0)), waiting(hostPorts($0)), services($0)]
    } + [guardedInterfaces]

  private static let waitingPrefix = "waiting_"

  /// The map of the mappings that wait for a host port of `map`. The port comes before the protocol in its keys, so that a search
  /// for `tcp . 8080` in a listing finds only the mapping that serves.
  static func waiting(_ map: NamedSet) -> NamedSet {
    NamedSet(
      waitingPrefix + map.name,
      key: map.key.dropLast(2) + [.internetService, .internetProtocol, .internetService], data: map.data)
  }

  /// The name of the map of host ports for which the elements of this set wait; nil if it is no set of waiting mappings.
  static func served(byWaiting set: String) -> Substring? {
    set.hasPrefix(waitingPrefix) ? set.dropFirst(waitingPrefix.count) : nil
  }

  /// The maps of waiting mappings that hold some of these elements; they are made when they are first needed.
  static func waitingMaps(for elements: [Element]) -> [NamedSet] {
    portsSets.filter { set in
      served(byWaiting: set.name) != nil && elements.contains { $0.id.set == set.name }
    }
  }

  static func hostPorts(_ family: AddressFamily) -> NamedSet {
    NamedSet(
      "hostports\(family.suffix)", key: [.internetProtocol, .internetService],
      data: [.address(family), .internetService])
  }

  static func hostAddressPorts(_ family: AddressFamily) -> NamedSet {
    NamedSet(
      "hostip_hostports\(family.suffix)", key: [.address(family), .internetProtocol, .internetService],
      data: [.address(family), .internetService])
  }

  /// The set of addresses that are local to this host but belong to services.
  static func services(_ family: AddressFamily) -> NamedSet {
    NamedSet("services\(family.suffix)", key: [.address(family)])
  }

  /// The interfaces for which portmap has set `route_localnet`, each name twice: nft 1.0.6 cannot read a set of single ones.
  static let guardedInterfaces = NamedSet("route_localnet", key: [.interfaceName, .interfaceName])

  static let masquerading = "masquerading"

  static let guarding = "guard"
  private static let fromGuarded = Match.interfaces(NFT_META_IIFNAME, NFT_META_IIFNAME, in: guardedInterfaces.name)

  /// `iifname != "loopback0"`, by which Windows connects to a WSL in mirrored mode
  private static let notFromWindows: [Expression] = {
    let name = Array("loopback0".utf8)
    let padding = [UInt8](repeating: 0, count: DataType.interfaceName.length - name.count)
    return [.meta(NFT_META_IIFNAME), .compare(name + padding, isNegated: true)]
  }()

  static let portsChains: [Chain] =
    AddressFamily.allCases.flatMap { [Chain(hostPorts($0).name), Chain(hostAddressPorts($0).name)] } + [
      Chain(masquerading),
      Chain(guarding, hook: .rawPrerouting),
      Chain("prerouting", hook: .natPrerouting),
      Chain("output", hook: .natOutput),
      Chain("postrouting", hook: .natPostrouting),
    ]

  static let portsRules: [NFTRule] =
    [
      NFTRule(guarding, fromGuarded + Match.prefix(.source, .loopback4) + [.drop]),
      NFTRule(guarding, fromGuarded + Match.prefix(.destination, .loopback4) + [.drop]),
      NFTRule("prerouting", notFromWindows + Match.prefix(.destination, .loopback4) + [.return]),
      NFTRule("prerouting", Match.family(.ip) + Match.toThisHost + [.jump(hostAddressPorts(.ip).name)]),
      NFTRule("prerouting", Match.family(.ip6) + Match.toThisHost + [.jump(hostAddressPorts(.ip6).name)]),
      NFTRule("output", Match.family(.ip) + Match.toThisHost + [.jump(hostAddressPorts(.ip).name)]),
      NFTRule(
        "output",
        Match.prefix(.source, Prefix(host: .loopback6), isNegated: true) + Match.toThisHost
          + [.jump(hostAddressPorts(.ip6).name)]),
      NFTRule("postrouting", Match.destinationTranslated + [.jump(masquerading)]),
    ]
    + AddressFamily.allCases.flatMap { family in
      [
        translateHostAddressPorts(family, in: hostAddressPorts(family).name),
        NFTRule(
          hostAddressPorts(family).name,
          Match.address(.destination, family, in: services(family).name) + [.return]),
        NFTRule(hostAddressPorts(family).name, [.jump(hostPorts(family).name)]),
        translateHostPorts(family, in: hostPorts(family).name),
      ]
    }

  /// `dnat ip to ip daddr . meta l4proto . th dport map @hostip_hostports4`
  static func translateHostAddressPorts(_ family: AddressFamily, in chain: String) -> NFTRule {
    NFTRule(chain, LookupKey.hostAddressPort(family).loads + translate(family, by: hostAddressPorts(family)))
  }

  /// `dnat ip to meta l4proto . th dport map @hostports4`
  static func translateHostPorts(_ family: AddressFamily, in chain: String) -> NFTRule {
    NFTRule(chain, LookupKey.hostPort.loads + translate(family, by: hostPorts(family)))
  }

  private static func translate(_ family: AddressFamily, by map: NamedSet) -> [Expression] {
    [.lookup(map.name, loadsData: true), .destinationNAT(family)]
  }
}
