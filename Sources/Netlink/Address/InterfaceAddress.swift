// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CLinux
import Glibc

/// An address of an interface (rtnetlink(7), `RTM_GETADDR`).
package struct InterfaceAddress: Equatable, Sendable {
  /// The interface's index.
  package let interface: UInt32
  package let address: IPAddress

  /// Nil for what is no address of IPv4 or IPv6.
  init?(_ reply: NetlinkReply) {
    // struct ifaddrmsg: family, prefix length, flags, scope, index.
    let attributes = reply.attributes(after: 8)
    // Of a point-to-point link the address is the other end's, and the local one this host's.
    guard
      let index = reply.payload.integer(UInt32.self, at: 4),
      let bytes = attributes[Int(IFA_LOCAL)] ?? attributes[Int(IFA_ADDRESS)],
      let address = IPAddress(bytes: Array(bytes))
    else { return nil }
    interface = index
    self.address = address
  }
}

extension RouteSocket {
  /// The addresses of all interfaces. While they change one may be missing.
  package func addresses() throws(NetlinkError) -> [InterfaceAddress] {
    var request = NetlinkMessage(type: UInt16(RTM_GETADDR), flags: NLM_F_DUMP)
    for _ in 0..<2 { request.append(UInt32(0)) }
    return try netlink.dump(request, "list the addresses of the interfaces").compactMap { InterfaceAddress($0) }
  }
}
