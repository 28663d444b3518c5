// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI
import Netlink

/// The interface through which this host, or the namespace of a socket, reaches everything else.
package struct DefaultRoute: Equatable, Sendable {
  /// The interface's index.
  package let interface: UInt32
  /// In bytes: that of the route if it has a lower one, else that of the interface.
  package let mtu: UInt32

  /// The default route with the lowest metric, of IPv4 before IPv6; nil if there is none.
  package static func find(_ routes: borrowing RouteSocket) throws(CNIError) -> DefaultRoute? {
    try reporting("look for the default route") { () throws(NetlinkError) in
      for family in AddressFamily.allCases {
        let defaults = try routes.routes(RouteFilter(family)).filter { route in
          route.destination.length == 0 && route.type == .unicast
        }
        let best = defaults.min { ($0.priority ?? 0) < ($1.priority ?? 0) }
        guard let best, let index = best.interface ?? best.nextHops.first?.interface else { continue }
        let ofLink = try routes.link(index).attributes.mtu ?? 1500
        return DefaultRoute(interface: index, mtu: min(best.mtu ?? ofLink, ofLink))
      }
      return nil
    }
  }
}
