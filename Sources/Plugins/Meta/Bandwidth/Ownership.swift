// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Netlink

extension Qdisc {
  /// Whether it has the form in which we, or upstream, make the root of a host's end.
  var isOurs: Bool {
    switch kind {
    case "tbf": handle == Shaping.bucketHandle
    case "htb": handle == Shaping.selectiveHandle
    default: false
    }
  }
}

extension TrafficFilter {
  /// Whether it has our mark, or sends packets to one of these interfaces, as upstream's do, or is what upstream has left:
  /// it sends packets to an IFB that is gone, and so drops them.
  func isOurs(_ ifbs: [UInt32]) -> Bool {
    if rule.classID == Shaping.mark { return true }
    guard let target = rule.target else { return false }
    return ifbs.contains(target) || target == 0 && rule.classID == Shaping.upstreamClass
  }
}
