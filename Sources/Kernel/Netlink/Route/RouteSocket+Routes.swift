// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CLinux
import Glibc

/// The routes to list. The kernel applies the filter since 4.20.
package struct RouteFilter: Equatable, Sendable {
  package var family: AddressFamily
  /// Nil for all tables.
  package var table: UInt32?
  /// The index of the outgoing interface.
  package var interface: UInt32?
  package var `protocol`: UInt8?

  package init(_ family: AddressFamily, table: UInt32? = RouteTable.main, interface: UInt32? = nil) {
    self.family = family
    self.table = table
    self.interface = interface
  }

  var message: NetlinkMessage {
    var request = NetlinkMessage(type: UInt16(RTM_GETROUTE), flags: NLM_F_DUMP)
    for byte in [family.number, 0, 0, 0, 0, `protocol` ?? 0, 0, 0] { request.append(byte) }
    request.append(UInt32(0))
    request.attribute(RTA_TABLE.rawValue, ifPresent: table)
    request.attribute(RTA_OIF.rawValue, ifPresent: interface)
    return request
  }

  func includes(_ route: Route) -> Bool {
    let leavesBy = route.interface == interface || route.nextHops.contains { $0.interface == interface }
    return route.destination.family == family && (table == nil || route.table == table)
      && (interface == nil || leavesBy) && (`protocol` == nil || route.protocol == `protocol`)
  }
}

extension RouteSocket {
  /// The routes that a filter includes, except cached ones; empty if the table does not exist.
  package func routes(_ filter: RouteFilter) throws(NetlinkError) -> [Route] {
    do throws(NetlinkError) {
      return try list(filter.message, "list the \(filter.family.title) routes") { reply in
        // The dump contains IPv6's cached routes too (RTM_F_CLONED).
        let isCloned = reply.payload.integer(UInt32.self, at: 8).map { $0 & UInt32(RTM_F_CLONED) != 0 } ?? false
        guard !isCloned, let route = Route(reply), filter.includes(route) else { return nil }
        return route
      }
    } catch {
      if error.number == ENOENT { return [] }
      throw error
    }
  }

  /// Adds a route; throws `EEXIST` if one to the prefix has the same metric and `addition` is `.exclusive`.
  package func add(_ route: Route, _ addition: Addition = .exclusive) throws(NetlinkError) {
    try netlink.execute(route.message(RTM_NEWROUTE, addition.flags), "add the route \(route)")
  }

  /// Removes the first route that matches (see ``Route/matching(_:)``); returns false if there is none.
  @discardableResult
  package func remove(_ route: Route) throws(NetlinkError) -> Bool {
    let request = route.message(RTM_DELROUTE, NLM_F_ACK)
    return try netlink.execute(request, "remove the route \(route)", unless: [ESRCH, ENODEV]) != nil
  }
}

extension Route: CustomStringConvertible {
  /// In the notation of `ip route`: the parts that identify the route.
  package var description: String {
    var text = destination.length == 0 ? "default" : "\(destination)"
    if let gateway { text += " via \(gateway)" }
    if let interface { text += " dev \(interface)" }
    if table != RouteTable.main { text += " table \(table)" }
    if let priority { text += " metric \(priority)" }
    return text
  }
}
