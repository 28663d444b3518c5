// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CLinux

/// A token bucket at the root of an interface that some packets bypass:
///
///     tc qdisc add dev … root handle H: htb default 1 direct_qlen 1000
///     tc class add dev … parent H: classid H:1 htb rate … ceil … burst … cburst … quantum 10000
///     tc qdisc add dev … parent H:1 bfifo limit …
///     tc filter add dev … parent H: prio 1 protocol ip u32 match ip src … flowid H:
///
/// Packets that a filter sends to the qdisc itself are not shaped (`HTB_DIRECT` in net/sched/sch_htb.c); all others pass the class, which
/// behaves as a TBF.
package struct SelectiveBucket: Equatable, Sendable {
  package let bucket: TokenBucket
  let direct: [TrafficFilter.Rule]

  /// A bucket that packets from these prefixes bypass; `handle` is the qdisc's.
  package init(_ bucket: TokenBucket, except sources: [Prefix], handle: TrafficHandle) {
    // In the order of a dump: each family has its own priority.
    let sorted = AddressFamily.allCases.flatMap { family in sources.filter { $0.family == family } }
    self.init(bucket, direct: sorted.map { .pass(from: $0, classID: handle) })
  }

  fileprivate init(_ bucket: TokenBucket, direct: [TrafficFilter.Rule]) {
    self.bucket = bucket
    self.direct = direct
  }

  /// Whether `read` is what the kernel reports for this bucket.
  package func isSame(as read: SelectiveBucket) -> Bool {
    bucket.isSame(as: read.bucket, ticks: bucket.clampedTicks) && direct == read.direct
  }
}

extension RouteSocket {
  /// Replaces the root qdisc by the bucket.
  package func set(
    _ wanted: SelectiveBucket, of interface: UInt32, handle: TrafficHandle
  ) throws(NetlinkError) {
    let shaped = TrafficHandle(handle.major, 1)
    try removeQdisc(of: interface, at: .root)
    try makeQdisc("htb", of: interface, at: .root, handle: handle, flags: NLM_F_EXCL) { message in
      message.nested(TCA_OPTIONS) { options in
        // struct tc_htb_glob: version, rate2quantum (unused, because the class sets its quantum), default class, two read-only fields.
        var parameters: [UInt8] = []
        for word in [3, 10, UInt32(shaped.minor), 0, 0] { parameters.append(integer: word) }
        options.attribute(TCA_HTB_INIT, parameters)
        // The default is the interface's queue length, which may be 0.
        options.attribute(TCA_HTB_DIRECT_QLEN, UInt32(1000))
      }
    }
    var header = TrafficHeader(interface, parent: handle)
    header.handle = shaped.rawValue
    var request = header.message(RTM_NEWTCLASS, NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL)
    request.attribute(TCA_KIND, Array("htb".utf8) + [0])
    wanted.bucket.appendHTB(to: &request)
    try netlink.execute(request, "make a class of htb on the interface with index \(interface)")
    try makeQdisc("bfifo", of: interface, at: shaped, handle: TrafficHandle(0), flags: NLM_F_EXCL) { message in
      message.attribute(TCA_OPTIONS, wanted.bucket.limit)
    }
    for rule in wanted.direct {
      try add(rule, priority: rule.etherType == UInt16(ETH_P_IP) ? 1 : 2, to: interface, at: handle)
    }
  }

  /// Reads what `set` made; nil if a part is missing.
  package func selectiveBucket(of interface: UInt32, handle: TrafficHandle) throws(NetlinkError) -> SelectiveBucket? {
    let shaped = TrafficHandle(handle.major, 1)
    let action = "look at the class of htb on the interface with index \(interface)"
    var header = TrafficHeader(interface, parent: handle)
    header.handle = shaped.rawValue
    guard let reply = try trafficControl(header.message(RTM_GETTCLASS, NLM_F_ECHO), action) else { return nil }
    let values = reply.attributes(after: TrafficHeader.length)
    // The kernel chose the queue's handle, so it is found by its parent.
    let look = TrafficHeader(interface, parent: shaped).message(RTM_GETQDISC, NLM_F_ECHO)
    let queue = try trafficControl(look, action)
    let limit = queue?.attributes(after: TrafficHeader.length)[Int(TCA_OPTIONS)]?.integer(UInt32.self, at: 0)
    guard let bucket = TokenBucket(htb: values.nested(Int(TCA_OPTIONS)), limit: limit ?? 0) else { return nil }
    return SelectiveBucket(bucket, direct: try filters(of: interface, at: handle).u32.map(\.rule))
  }
}
