// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import NFTables

/// What masquerading needs of the table. Chains on demand are one for each length of a subnet's prefix (`ipmasq4_16`):
///
/// ```
/// table inet swift_cni {
///   set ipmasq_attachments { type ifname . ifname }         who is masqueraded, and with how many addresses
///   set ipmasq4_16         { type ipv4_addr . ipv4_addr }   10.22.0.5 . 10.22.0.0: a container's address and its subnet
///
///   chain ipmasq { type nat hook postrouting priority srcnat + 1
///     ip daddr 224.0.0.0/4 return
///     ip6 daddr ff00::/8 return
///     jump ipmasq_sources
///   }
///   chain ipmasq_sources {
///     ip saddr . ip saddr & 255.255.0.0 @ipmasq4_16 goto ipmasq4_16
///   }
///   chain ipmasq4_16 {
///     ip saddr . ip daddr & 255.255.0.0 @ipmasq4_16 return   to the container's own subnet
///     masquerade
///   }
/// }
/// ```
///
/// The first packet of a connection that no container begins takes one lookup for each length. POSTROUTING of iptables comes before
/// this chain: what an administrator translates there is left alone. Portmap's chain has the same place, and whichever the kernel
/// asks first, a connection that both masquerade gets the same address.
extension Feature {
  static let masquerade = Feature(
    purpose: "masquerade what containers send", attachments: masqueradeAttachments,
    skeleton: { masqueradeSkeleton }, upstreamTables: [.upstreamMasquerade],
    isUpstreamComment: { owner in
      let prefix = UpstreamMasquerade.prefix(of: owner)
      return { $0.hasPrefix(prefix) }
    },
    onDemand: { .ipmasq(named: $0) }, chainPrefixes: { _ in [] },
    samples: { [.ipmasq(.ip, 16), .ipmasq(.ip6, 64)] })

  static let masqueradeAttachments = NamedSet("ipmasq_attachments", key: [.interfaceName, .interfaceName])

  /// The chain that packets to no multicast group come to.
  static let masqueradeSources = "ipmasq_sources"

  private static let masqueradeSkeleton = Skeleton(
    sets: [masqueradeAttachments],
    chains: [Chain(masqueradeSources), Chain("ipmasq", hook: .natPostrouting)],
    rules: AddressFamily.allCases.map { family in
      NFTRule("ipmasq", Match.prefix(.destination, .multicast(family)) + [.return])
    } + [NFTRule("ipmasq", [.jump(masqueradeSources)])])
}
