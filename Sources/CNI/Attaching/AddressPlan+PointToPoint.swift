// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI
import Netlink

extension AddressPlan {
  /// The plan for an interface whose other end is a router and nobody else: also other addresses of the subnet are reached by the gateway.
  /// Each address of the result must have a gateway.
  package init(pointToPoint result: NetworkResult) {
    var ways: [Route] = []
    func add(_ destination: Prefix, via gateway: IPAddress?, from source: IPAddress) {
      // Two addresses may have the same gateway.
      if ways.contains(where: { $0.destination == destination }) { return }
      var route = Route(to: destination)
      route.gateway = gateway
      route.preferredSource = source
      if gateway == nil && destination.family == .ip { route.scope = .link }
      ways.append(route)
    }
    for entry in result.ips {
      guard let gateway = entry.gateway else { continue }
      // The kernel accepts a gateway only if there is a route to it.
      add(Prefix(host: gateway), via: nil, from: entry.address.address)
      if entry.address.length == entry.address.family.bits { continue }
      add(entry.address.network, via: gateway, from: entry.address.address)
    }
    self.init(result)
    hasPrefixRoutes = false
    let others = routes.filter { wanted in
      wanted.table != RouteTable.main
        || !ways.contains { $0.destination == wanted.destination && $0.gateway == wanted.gateway }
    }
    routes = ways + others
  }
}
