// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

/// A socket of rtnetlink (rtnetlink(7)): links, addresses, routes, neighbours, policy rules and traffic control of the network
/// namespace that the thread was in when it was opened.
package struct RouteSocket: ~Copyable {
  package let netlink: NetlinkSocket

  /// Opens a socket in the calling thread's network namespace.
  package static func open() throws(NetlinkError) -> RouteSocket {
    RouteSocket(netlink: try NetlinkSocket.open(.route))
  }
}
