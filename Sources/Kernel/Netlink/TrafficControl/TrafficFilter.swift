// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CLinux
import Glibc

/// A filter of the kind `u32` (tc-u32(8)), which every kernel with traffic control has.
package struct TrafficFilter: Equatable, Sendable {
  /// What it does to which packets.
  package struct Rule: Hashable, Sendable {
    /// `ETH_P_IP`, `ETH_P_IPV6` or `ETH_P_ALL` (linux/if_ether.h), in host byte order.
    let etherType: UInt16
    let keys: [Key]
    /// Where in its qdisc a packet goes; at the ingress, where there is no choice, only a mark.
    package let classID: TrafficHandle
    /// The index of the interface that the packet is sent to instead of going on, 0 for one that is gone; nil lets it
    /// pass.
    package let target: UInt32?

    /// Whether both do the same with the same packets at the ingress, where there are no classes.
    package func isSame(as other: Rule) -> Bool {
      etherType == other.etherType && keys == other.keys && target == other.target
    }
  }

  /// A word of the packet that must be a value: struct tc_u32_key.
  struct Key: Hashable, Sendable {
    /// In network byte order.
    let mask: [UInt8]
    let value: [UInt8]
    /// In bytes from the network header's start.
    let offset: Int32
  }

  package let rule: Rule
  /// A packet meets the filters of low priority first.
  package let priority: UInt16
  /// The kernel's name for it; 0 before it has one.
  let handle: UInt32
}

// MARK: - What can be asked for

extension TrafficFilter.Rule {
  /// Sends every packet to an interface, as `action mirred egress redirect dev …` does.
  package static func redirect(to interface: UInt32, classID: TrafficHandle) -> Self {
    Self(etherType: UInt16(ETH_P_ALL), keys: [Self.any], classID: classID, target: interface)
  }

  /// Lets the packets pass whose source is of a prefix.
  package static func pass(from prefix: Prefix, classID: TrafficHandle) -> Self {
    // The offsets of the addresses in a header: RFC 791, 3.1; RFC 8200, 3.
    pass(prefix, at: prefix.family == .ip ? 12 : 8, classID)
  }

  /// Lets the packets pass whose destination is of a prefix.
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

// MARK: - Asking the kernel

extension RouteSocket {
  /// All filters at a place of an interface, in the order in which a packet meets them; of those of other kinds only
  /// the priorities are told.
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

  /// Removes some of the filters that were listed, `present`; those that are gone are no error.
  package func remove(
    _ filters: [TrafficFilter], among present: [TrafficFilter], of interface: UInt32, at parent: TrafficHandle
  ) throws(NetlinkError) {
    var emptied: [UInt16] = []
    for filter in filters where !emptied.contains(filter.priority) {
      var header = header(filter.rule, filter.priority, interface, parent)
      // An empty priority would stay beside others (u32_delete in net/sched/cls_u32.c), so all of it goes at once.
      if present.contains(where: { $0.priority == filter.priority && !filters.contains($0) }) {
        header.handle = filter.handle
      } else {
        emptied.append(filter.priority)
      }
      var request = header.message(RTM_DELTFILTER, NLM_F_ACK)
      request.attribute(TCA_KIND, Array("u32".utf8) + [0])
      let action = "remove a filter of the interface with index \(interface)"
      // EINVAL: its qdisc is gone.
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

// MARK: - In a message

extension TrafficFilter.Rule {
  /// Appends the kind and the options (linux/pkt_cls.h).
  func append(to message: inout NetlinkMessage) {
    message.attribute(TCA_KIND, Array("u32".utf8) + [0])
    message.nested(TCA_OPTIONS) { options in
      // struct tc_u32_sel: flags, shift, number of keys, padding, and what only variable headers need.
      var selector = [UInt8(TC_U32_TERMINAL), 0, UInt8(clamping: keys.count), 0] + [UInt8](repeating: 0, count: 12)
      for key in keys {
        selector += key.mask + key.value
        selector.append(integer: key.offset)
        selector.append(integer: Int32(0))
      }
      options.attribute(TCA_U32_SEL, selector)
      options.attribute(TCA_U32_CLASSID, classID.rawValue)
      guard let target else { return }
      options.nested(TCA_U32_ACT) { actions in
        actions.nested(1) { action in
          action.attribute(TCA_ACT_KIND, Array("mirred".utf8) + [0])
          action.nested(TCA_ACT_OPTIONS) { options in
            // struct tc_mirred: index, capabilities, action, two counts, what to do, the interface.
            var parameters: [UInt8] = []
            for word in [0, 0, UInt32(TC_ACT_STOLEN), 0, 0, UInt32(TCA_EGRESS_REDIR), target] {
              parameters.append(integer: word)
            }
            options.attribute(TCA_MIRRED_PARMS, parameters)
          }
        }
      }
    }
  }
}

extension TrafficFilter {
  /// Reads a filter; nil for another kind, and for what the kernel lists besides filters.
  init?(_ header: TrafficHeader, _ attributes: Attributes) {
    let options = attributes.nested(Int(TCA_OPTIONS))
    guard
      attributes[Int(TCA_KIND)]?.text == "u32", let selector = options[Int(TCA_U32_SEL)],
      let count = selector.dropFirst(2).first
    else { return nil }
    var keys: [Key] = []
    for index in 0..<Int(count) {
      let bytes = selector.dropFirst(16 + 16 * index)
      guard let offset = bytes.integer(Int32.self, at: 8) else { return nil }
      keys.append(Key(mask: Array(bytes.prefix(4)), value: Array(bytes.dropFirst(4).prefix(4)), offset: offset))
    }
    let classID = options[Int(TCA_U32_CLASSID)]?.integer(UInt32.self, at: 0) ?? 0
    rule = Rule(
      etherType: UInt16(truncatingIfNeeded: header.info).bigEndian, keys: keys,
      classID: TrafficHandle(rawValue: classID), target: Self.target(options[Int(TCA_U32_ACT)] ?? []))
    priority = UInt16(header.info >> 16)
    handle = header.handle
  }

  /// The interface that the first redirecting action sends packets to.
  private static func target(_ actions: ArraySlice<UInt8>) -> UInt32? {
    for action in AttributeList(actions) {
      let attributes = Attributes(action.value)
      guard attributes[Int(TCA_ACT_KIND)]?.text == "mirred" else { continue }
      let parameters = attributes.nested(Int(TCA_ACT_OPTIONS))[Int(TCA_MIRRED_PARMS)]
      guard parameters?.integer(Int32.self, at: 20) == TCA_EGRESS_REDIR else { continue }
      return parameters?.integer(UInt32.self, at: 24)
    }
    return nil
  }
}
