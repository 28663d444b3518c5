// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CLinux

/// A token bucket that some packets need not pass, at the root of an interface:
///
///     tc qdisc add dev … root handle H: htb default 1 direct_qlen 1000
///     tc class add dev … parent H: classid H:1 htb rate … ceil … burst … cburst … quantum 10000
///     tc qdisc add dev … parent H:1 bfifo limit …
///     tc filter add dev … parent H: prio 1 protocol ip u32 match ip src … flowid H:
///
/// What a filter sends to the qdisc itself is sent directly (net/sched/sch_htb.c, `HTB_DIRECT`), the rest goes through
/// the class, which lets pass and drops what a TBF would.
package struct SelectiveBucket: Equatable, Sendable {
  package let bucket: TokenBucket
  let direct: [TrafficFilter.Rule]

  /// A bucket that packets from these prefixes need not pass; `handle` is that of the qdisc.
  package init(_ bucket: TokenBucket, except sources: [Prefix], handle: TrafficHandle) {
    // In the order in which they are read again: each family has a priority of its own.
    let sorted = AddressFamily.allCases.flatMap { family in sources.filter { $0.family == family } }
    self.init(bucket, direct: sorted.map { .pass(from: $0, classID: handle) })
  }

  fileprivate init(_ bucket: TokenBucket, direct: [TrafficFilter.Rule]) {
    self.bucket = bucket
    self.direct = direct
  }

  /// Whether it is this one that was read.
  package func isSame(as read: SelectiveBucket) -> Bool {
    bucket.isSame(as: read.bucket, ticks: bucket.clampedTicks) && direct == read.direct
  }
}

extension RouteSocket {
  /// Puts the bucket at the root, in place of what is there.
  package func set(
    _ wanted: SelectiveBucket, of interface: UInt32, handle: TrafficHandle
  ) throws(NetlinkError) {
    let shaped = TrafficHandle(handle.major, 1)
    try removeQdisc(of: interface, at: .root)
    try makeQdisc("htb", of: interface, at: .root, handle: handle, flags: NLM_F_EXCL) { message in
      message.nested(TCA_OPTIONS) { options in
        // struct tc_htb_glob: the version, the unused rate to quantum, the default class, two for reading.
        var parameters: [UInt8] = []
        for word in [3, 10, UInt32(shaped.minor), 0, 0] { parameters.append(integer: word) }
        options.attribute(TCA_HTB_INIT, parameters)
        // Else it is the interface's, which may be none.
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

  /// Reads what `set` has made; nil if it is not whole.
  package func selectiveBucket(of interface: UInt32, handle: TrafficHandle) throws(NetlinkError) -> SelectiveBucket? {
    let shaped = TrafficHandle(handle.major, 1)
    let action = "look at the class of htb on the interface with index \(interface)"
    var header = TrafficHeader(interface, parent: handle)
    header.handle = shaped.rawValue
    guard let reply = try trafficControl(header.message(RTM_GETTCLASS, NLM_F_ECHO), action) else { return nil }
    let values = reply.attributes(after: TrafficHeader.length)
    // A queue has no name that was chosen, so it is found by where it stands.
    let look = TrafficHeader(interface, parent: shaped).message(RTM_GETQDISC, NLM_F_ECHO)
    let queue = try trafficControl(look, action)
    let limit = queue?.attributes(after: TrafficHeader.length)[Int(TCA_OPTIONS)]?.integer(UInt32.self, at: 0)
    guard let bucket = TokenBucket(htb: values.nested(Int(TCA_OPTIONS)), limit: limit ?? 0) else { return nil }
    return SelectiveBucket(bucket, direct: try filters(of: interface, at: handle).u32.map(\.rule))
  }
}
