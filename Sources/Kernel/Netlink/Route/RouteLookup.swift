// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CLinux
import Glibc

/// The result of a route lookup (`ip route get`, `RTM_GETROUTE`).
package struct RouteLookup: Equatable, Sendable {
  /// The index of the outgoing interface.
  package let interface: UInt32
  /// Whether the address is one of this host's.
  package let isLocal: Bool
}

extension RouteSocket {
  /// Looks up the route to an address; throws an error with `isNoRoute` if there is none.
  package func lookUpRoute(to address: IPAddress) throws(NetlinkError) -> RouteLookup {
    var request = NetlinkMessage(type: UInt16(RTM_GETROUTE))
    // struct rtmsg: family, dst_len, src_len, tos, table, protocol, scope, type; then flags.
    for byte in [address.family.number, UInt8(address.family.bits), 0, 0, 0, 0, 0, 0] { request.append(byte) }
    request.append(UInt32(0))
    request.attribute(RTA_DST.rawValue, address.bytes)
    let reply = try netlink.execute(request, "find the route to \(address)")
    guard let interface = reply.attributes(after: 12)[Int(RTA_OIF.rawValue)]?.integer(UInt32.self, at: 0) else {
      throw NetlinkError("find the route to \(address)", number: ENETUNREACH)
    }
    return RouteLookup(interface: interface, isLocal: reply.payload.integer(UInt8.self, at: 7) == UInt8(RTN_LOCAL))
  }
}

extension NetlinkError {
  /// Whether the error means that there is no route to the address.
  package var isNoRoute: Bool { [ENETUNREACH, EHOSTUNREACH, EACCES, EINVAL].contains(number) }
}
