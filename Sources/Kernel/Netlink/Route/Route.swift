// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CLinux

/// A route (rtnetlink(7), `RTM_NEWROUTE`).
package struct Route: Equatable, Sendable {
  /// The destination; `Prefix.all` for a default route.
  package var destination: Prefix
  /// The gateway; an IPv6 one can serve an IPv4 destination (RFC 5549). Nil if the destination is on the link.
  package var gateway: IPAddress?
  /// The index of the outgoing interface.
  package var interface: UInt32?
  package var table = RouteTable.main
  package var type = RouteType.unicast
  /// IPv4 only. The kernel refuses a gateway whose own scope is not narrower than the route's.
  package var scope = RouteScope.universe
  /// The route's origin (`RTPROT_…`): 2 kernel, 3 boot, 4 static.
  package var `protocol` = Route.boot
  /// The metric; the route with the lowest one is used. The default is 0 for IPv4 and 1024 for IPv6.
  package var priority: UInt32?
  /// The preferred source address of locally generated packets.
  package var preferredSource: IPAddress?
  package var mtu: UInt32?
  /// The TCP maximum segment size to advertise, in bytes.
  package var advertisedMSS: UInt32?
  /// Whether the gateway is treated as directly connected, whatever its address (`onlink`).
  package var isOnLink = false
  package var typeOfService: UInt8 = 0
  /// The next hops of a multipath route; `gateway` and `interface` are nil then.
  package var nextHops: [NextHop] = []

  package init(to destination: Prefix) { self.destination = destination }

  /// A pattern to remove routes by: it matches routes to a destination of any type, scope and origin in the main table.
  package static func matching(_ destination: Prefix) -> Route {
    var route = Route(to: destination)
    route.type = RouteType(rawValue: 0)
    route.scope = .nowhere
    route.protocol = 0
    return route
  }

  /// `RTPROT_BOOT`, the default of `ip route add`.
  package static let boot: UInt8 = 3

  /// A next hop of a multipath route (struct rtnexthop).
  package struct NextHop: Equatable, Sendable {
    package var gateway: IPAddress?
    package var interface: UInt32
    /// 1…256.
    package var weight = 1
    package var isOnLink = false

    package init(interface: UInt32) { self.interface = interface }
  }
}
