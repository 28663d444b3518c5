// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Netlink

extension Qdisc {
  /// Whether it is such a root qdisc of a host end as we make, or upstream.
  var isOurs: Bool {
    switch kind {
    case "tbf": handle == Shaping.bucketHandle
    case "htb": handle == Shaping.selectiveHandle
    default: false
    }
  }
}

extension TrafficFilter {
  /// Whether it has the class of our filters, or sends packets to one of these interfaces, as upstream's do. A filter of upstream's whose
  /// IFB is gone is ours too: it drops what the container sends.
  func isOurs(_ ifbs: [UInt32]) -> Bool {
    if rule.classID == Shaping.filterClass { return true }
    guard let target = rule.target else { return false }
    return ifbs.contains(target) || target == 0 && rule.classID == Shaping.upstreamClass
  }
}
