// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

/// A socket of generic netlink (linux/genetlink.h), such as ethtool's family in the network namespace that the thread was in when
/// it was opened.
package struct GenericSocket: ~Copyable {
  package let netlink: NetlinkSocket

  /// Opens a socket in the calling thread's network namespace.
  package static func open() throws(NetlinkError) -> GenericSocket {
    GenericSocket(netlink: try NetlinkSocket.open(.generic))
  }
}
