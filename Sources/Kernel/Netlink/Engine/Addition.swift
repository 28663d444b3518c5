// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CLinux

/// What becomes of an object that is there already when one is added.
package enum Addition: Sendable {
  /// The new one is refused with `EEXIST`.
  case exclusive
  /// The new one takes its place.
  case replacing
  /// Both stay, the new one last; only routes can be so. IPv6 takes two to one prefix for a route with two next hops.
  case appending

  var flags: Int32 {
    switch self {
    case .exclusive: NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL
    case .replacing: NLM_F_ACK | NLM_F_CREATE | NLM_F_REPLACE
    case .appending: NLM_F_ACK | NLM_F_CREATE | NLM_F_APPEND
    }
  }
}

extension RouteSocket {
  /// Lists what a request filters, and decodes it. Kernels since 4.20 apply the filters (`NETLINK_GET_STRICT_CHK`), older ones
  /// list everything: `decode` leaves out the rest.
  func list<T>(
    _ request: NetlinkMessage, _ action: String, _ decode: (NetlinkReply) -> T?
  ) throws(NetlinkError) -> [T] {
    _ = netlink.set(SOL_NETLINK, NETLINK_GET_STRICT_CHK, 1)
    defer { _ = netlink.set(SOL_NETLINK, NETLINK_GET_STRICT_CHK, 0) }
    return try netlink.dump(request, action).compactMap(decode)
  }
}
