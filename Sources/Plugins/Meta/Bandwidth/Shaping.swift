// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI
import Digest
import Netlink

/// What the kernel should have for an attachment; `veth` is the host end:
///
///     # towards the container
///     tc qdisc replace dev veth root handle 1: tbf rate … burst … limit …
///     # from it: received packets are sent through an IFB, which shapes them and gives them back
///     ip link add IFB mtu … type ifb; ip link set IFB up alias "network/containerID/interface veth"
///     tc qdisc replace dev IFB root handle 1: tbf rate … burst … limit …
///     tc qdisc add dev veth ingress     # unless there is one, or a clsact
///     tc filter add dev veth ingress prio P protocol ip u32 match ip dst UNSHAPED classid 5c41:1
///     tc filter add dev veth ingress prio P+1 protocol ipv6 …
///     tc filter add dev veth ingress prio P+2 protocol all u32 match u32 0 0 classid 5c41:1 action mirred egress redirect dev IFB
///
/// If some prefixes are not shaped, the root qdisc of `veth` is a ``SelectiveBucket`` with the handle `5c41:`.
struct Shaping {
  /// For packets to the container.
  let ingress: TokenBucket?
  /// For packets from the container.
  let egress: TokenBucket?
  let unshaped: [Prefix]

  /// Upstream's handle, so that either plugin finds what the other has made.
  static let bucketHandle = TrafficHandle(1)
  /// No other program is known to use it.
  static let selectiveHandle = TrafficHandle(0x5c41)
  /// The class by which our filters are known.
  static let filterClass = TrafficHandle(0x5c41, 1)
  /// The class that upstream's filters have.
  static let upstreamClass = TrafficHandle(1, 1)
  /// The priority of our first filter, behind those of others: packets that the IFB gives back pass no filter, so an eBPF program must
  /// see them before.
  static let firstPriority: UInt16 = 0xf000

  /// The root qdisc of the host end where some packets are not shaped; else nil.
  var selective: SelectiveBucket? {
    guard let ingress, !unshaped.isEmpty else { return nil }
    return SelectiveBucket(ingress, except: unshaped, handle: Self.selectiveHandle)
  }

  /// The filters of received packets, with priorities from 0 on: those of one priority have one protocol.
  func filters(to ifb: UInt32) -> [(rule: TrafficFilter.Rule, priority: UInt16)] {
    var filters: [(TrafficFilter.Rule, UInt16)] = []
    for (priority, family) in AddressFamily.allCases.enumerated() {
      for prefix in unshaped where prefix.family == family {
        filters.append((.pass(to: prefix, classID: Self.filterClass), UInt16(clamping: priority)))
      }
    }
    filters.append((.redirect(to: ifb, classID: Self.filterClass), 2))
    return filters
  }
}

/// The name of an attachment's IFB.
struct IFBName: Equatable {
  let text: String

  /// The names that an attachment's IFB may have; the first that is free is taken. `eth0` begins with upstream's name, which is also
  /// that of attachments whose network and container ID run together to the same text. Other interfaces do not take it, as
  /// upstream has one name for all interfaces of a container in a network.
  static func candidates(_ owner: Attachment) -> [IFBName] {
    let own = IFBName(hashing: owner.description)
    return owner.interface == "eth0" ? [upstream(owner), own] : [own]
  }

  /// The one name that upstream has for all interfaces of a container in a network.
  static func upstream(_ owner: Attachment) -> IFBName { IFBName(hashing: owner.network + owner.containerID) }

  private init(hashing text: String) { self.text = "bwp" + String(sha512(text).prefix(12)) }
}

/// The alternative name of the host end of a shaped attachment. By it the host end is found after the container has renamed its
/// interface.
struct HostEndName {
  let text: String

  init(_ owner: Attachment) { text = Self.prefix + String(sha512(owner.description).prefix(12)) }

  static let prefix = "bwh"
}

/// The alias of an IFB: the owner tag and, after a space, the name of the host end.
struct IFBAlias {
  let owner: AttachmentTag
  let hostInterface: String

  init(_ owner: Attachment, hostInterface: String) {
    self.owner = AttachmentTag(owner)
    self.hostInterface = hostInterface
  }

  /// Nil for the alias of somebody else's interface, or none.
  init?(_ text: String) {
    let parts = text.split(separator: " ", maxSplits: 1)
    guard parts.count == 2, parts[0].split(separator: "/").count == 3 else { return nil }
    owner = AttachmentTag(text: String(parts[0]))
    hostInterface = String(parts[1])
  }

  var text: String { "\(owner.text) \(hostInterface)" }

  /// The group of a network's IFBs that have no alias yet, as the kernel takes none when it makes an interface. By it GC finds IFBs
  /// whose ADD was killed.
  static func groupWithout(_ network: String) -> UInt32 {
    0x4000_0000 | (UInt32(sha512(network).prefix(7), radix: 16) ?? 0)
  }
}
