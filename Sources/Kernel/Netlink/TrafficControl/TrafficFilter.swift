// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CLinux
import Glibc

/// A filter of the kind `u32` (tc-u32(8)).
package struct TrafficFilter: Equatable, Sendable {
  /// The packets that a filter matches, and what it does with them.
  package struct Rule: Hashable, Sendable {
    /// `ETH_P_IP`, `ETH_P_IPV6` or `ETH_P_ALL` (linux/if_ether.h), in host byte order.
    let etherType: UInt16
    let keys: [Key]
    /// The class that a packet goes to. The ingress has no classes: there it only marks a filter as ours.
    package let classID: TrafficHandle
    /// The index of the interface that packets are redirected to, 0 if that is gone; nil lets packets pass.
    package let target: UInt32?

    /// Whether both have the same effect at the ingress, which ignores class IDs.
    package func isSame(as other: Rule) -> Bool {
      etherType == other.etherType && keys == other.keys && target == other.target
    }
  }

  /// A comparison of a 32-bit word of the packet (struct tc_u32_key).
  struct Key: Hashable, Sendable {
    /// In network byte order.
    let mask: [UInt8]
    let value: [UInt8]
    /// In bytes from the start of the network header.
    let offset: Int32
  }

  package let rule: Rule
  /// Filters with lower numbers come first.
  package let priority: UInt16
  /// The kernel's handle of the filter; 0 before it is added.
  let handle: UInt32
}

// MARK: - Rules

extension TrafficFilter.Rule {
  /// Sends every packet to an interface, as `action mirred egress redirect dev …` does.
  package static func redirect(to interface: UInt32, classID: TrafficHandle) -> Self {
    Self(etherType: UInt16(ETH_P_ALL), keys: [Self.any], classID: classID, target: interface)
  }

  /// Lets packets with a source in the prefix pass.
  package static func pass(from prefix: Prefix, classID: TrafficHandle) -> Self {
    // Offsets of the addresses in the header: RFC 791, 3.1; RFC 8200, 3.
    pass(prefix, at: prefix.family == .ip ? 12 : 8, classID)
  }

  /// Lets packets with a destination in the prefix pass.
  package static func pass(to prefix: Prefix, classID: TrafficHandle) -> Self {
    pass(prefix, at: prefix.family == .ip ? 16 : 24, classID)
  }

  private static let any = TrafficFilter.Key(mask: [0, 0, 0, 0], value: [0, 0, 0, 0], offset: 0)

  private static func pass(_ prefix: Prefix, at offset: Int32, _ classID: TrafficHandle) -> Self {
    let mask = IPAddress.mask(prefix.family, prefix.length).bytes
    let value = prefix.network.address.bytes
    var keys: [TrafficFilter.Key] = []
    for start in stride(from: 0, to: value.count, by: 4) where mask[start] != 0 {
      let word = start..<start + 4
      keys.append(
        TrafficFilter.Key(mask: Array(mask[word]), value: Array(value[word]), offset: offset + Int32(start)))
    }
    let type = prefix.family == .ip ? ETH_P_IP : ETH_P_IPV6
    return Self(etherType: UInt16(type), keys: keys.isEmpty ? [any] : keys, classID: classID, target: nil)
  }
}

// MARK: - Requests

extension RouteSocket {
  /// All filters with a parent on an interface, in the order in which packets pass them. Of filters of other kinds only the priorities
  /// are returned.
  package func filters(
    of interface: UInt32, at parent: TrafficHandle
  ) throws(NetlinkError) -> (u32: [TrafficFilter], priorities: [UInt16]) {
    let action = "list the filters of the interface with index \(interface)"
    var u32: [TrafficFilter] = []
    var priorities: [UInt16] = []
    let request = TrafficHeader(interface, parent: parent).message(RTM_GETTFILTER, NLM_F_DUMP)
    for part in try netlink.dump(request, action) {
      guard let header = TrafficHeader(part) else { continue }
      let priority = UInt16(header.info >> 16)
      if priorities.last != priority { priorities.append(priority) }
      if let filter = TrafficFilter(header, part.attributes(after: TrafficHeader.length)) { u32.append(filter) }
    }
    return (u32, priorities)
  }

  package func add(
    _ rule: TrafficFilter.Rule, priority: UInt16, to interface: UInt32, at parent: TrafficHandle
  ) throws(NetlinkError) {
    let header = header(rule, priority, interface, parent)
    var request = header.message(RTM_NEWTFILTER, NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL)
    rule.append(to: &request)
    try netlink.execute(request, "add a filter to the interface with index \(interface)")
  }

  /// Removes some of the listed filters, `present`, as far as they exist.
  package func remove(
    _ filters: [TrafficFilter], among present: [TrafficFilter], of interface: UInt32, at parent: TrafficHandle
  ) throws(NetlinkError) {
    var emptied: [UInt16] = []
    for filter in filters where !emptied.contains(filter.priority) {
      var header = header(filter.rule, filter.priority, interface, parent)
      // The kernel keeps an empty priority while others exist (u32_delete in net/sched/cls_u32.c), so a whole priority is removed at once.
      if present.contains(where: { $0.priority == filter.priority && !filters.contains($0) }) {
        header.handle = filter.handle
      } else {
        emptied.append(filter.priority)
      }
      var request = header.message(RTM_DELTFILTER, NLM_F_ACK)
      request.attribute(TCA_KIND, Array("u32".utf8) + [0])
      let action = "remove a filter of the interface with index \(interface)"
      // EINVAL: the qdisc is gone.
      _ = try netlink.execute(request, action, unless: [ENOENT, ENODEV, EINVAL])
    }
  }

  private func header(
    _ rule: TrafficFilter.Rule, _ priority: UInt16, _ interface: UInt32, _ parent: TrafficHandle
  ) -> TrafficHeader {
    var header = TrafficHeader(interface, parent: parent)
    header.info = UInt32(priority) << 16 | UInt32(rule.etherType.bigEndian)
    return header
  }
}
