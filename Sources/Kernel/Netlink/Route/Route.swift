// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CLinux

/// A route (rtnetlink(7), `RTM_NEWROUTE`).
package struct Route: Equatable, Sendable {
  /// Where it leads; `Prefix.all` for a default route.
  package var destination: Prefix
  /// The router; of another family than the destination for IPv4 by IPv6 routers (RFC 5549). Nil for what is on the link.
  package var gateway: IPAddress?
  /// The index of the interface that packets leave by.
  package var interface: UInt32?
  package var table = RouteTable.main
  package var type = RouteType.unicast
  /// IPv4 only; the kernel refuses a router that is not nearer than the destination.
  package var scope = RouteScope.universe
  /// Who made the route (`RTPROT_…`), such as 2 for the kernel, 3 for `boot`, 4 for `static`.
  package var `protocol` = Route.boot
  /// The metric: of two routes to one prefix the lower one is taken. IPv6 has 1024 where none is given.
  package var priority: UInt32?
  /// The source address of packets that this host sends by it.
  package var preferredSource: IPAddress?
  package var mtu: UInt32?
  /// The maximum segment size that TCP tells the other side.
  package var advertisedMSS: UInt32?
  /// Whether the router is taken to be on the link, whatever its address.
  package var isOnLink = false
  package var typeOfService: UInt8 = 0
  /// Several ways, if there are: then `gateway` and `interface` are nil.
  package var nextHops: [NextHop] = []

  package init(to destination: Prefix) { self.destination = destination }

  /// What is only to be compared: it matches routes to a destination of any type, scope and origin in the main table.
  package static func matching(_ destination: Prefix) -> Route {
    var route = Route(to: destination)
    route.type = RouteType(rawValue: 0)
    route.scope = .nowhere
    route.protocol = 0
    return route
  }

  /// `RTPROT_BOOT`, as `ip route add` has it.
  package static let boot: UInt8 = 3

  /// One way of several (struct rtnexthop).
  package struct NextHop: Equatable, Sendable {
    package var gateway: IPAddress?
    package var interface: UInt32
    /// 1…256.
    package var weight = 1
    package var isOnLink = false

    package init(interface: UInt32) { self.interface = interface }
  }
}
