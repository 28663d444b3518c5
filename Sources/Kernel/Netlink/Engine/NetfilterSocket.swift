// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

/// A socket of nfnetlink (linux/netfilter/nfnetlink.h): nf_tables and conntrack of the network namespace that the thread was in
/// when it was opened.
package struct NetfilterSocket: ~Copyable {
  package let netlink: NetlinkSocket

  /// Opens a socket in the calling thread's network namespace.
  package static func open() throws(NetlinkError) -> NetfilterSocket {
    NetfilterSocket(netlink: try NetlinkSocket.open(.netfilter))
  }
}
