// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CLinux

/// What the kernel does when an added object exists already.
package enum Addition: Sendable {
  /// Refuses the new one with `EEXIST`.
  case exclusive
  /// Replaces the existing one.
  case replacing
  /// Keeps both, the new one last (routes only). IPv6 makes two routes to one prefix a single one with two next hops.
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
  /// Sends a request for a filtered list, and decodes the parts. Kernels before 4.20 ignore the filter (`NETLINK_GET_STRICT_CHK`), so
  /// `decode` must return nil for what the filter excludes.
  func list<T>(
    _ request: NetlinkMessage, _ action: String, _ decode: (NetlinkReply) -> T?
  ) throws(NetlinkError) -> [T] {
    _ = netlink.set(SOL_NETLINK, NETLINK_GET_STRICT_CHK, 1)
    defer { _ = netlink.set(SOL_NETLINK, NETLINK_GET_STRICT_CHK, 0) }
    return try netlink.dump(request, action).compactMap(decode)
  }
}
