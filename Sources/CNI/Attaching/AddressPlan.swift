// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI
import Glibc
import Netlink
import OS
import Sysctl

/// The addresses and routes that the container's interface gets. All functions need the calling thread in the container's namespace.
package struct AddressPlan: Equatable, Sendable {
  package let addresses: [Prefix]
  /// Without the index of the interface, which is not known yet; none twice.
  package internal(set) var routes: [Route]
  /// Whether the kernel looks for other hosts with the IPv6 addresses (RFC 4862, 5.4), which takes a second or two.
  package var detectsDuplicates = false
  /// Whether the kernel adds a route to the subnet of each address.
  package internal(set) var hasPrefixRoutes = true

  /// Takes the addresses and routes of an IPAM plugin's result. A route without gateway gets the first gateway of its family, unless its
  /// scope is the link or narrower.
  package init(_ result: NetworkResult) {
    addresses = result.ips.map(\.address)
    var routes: [Route] = []
    for wanted in result.routes {
      let isOnLink = (wanted.scope ?? 0) >= Int(RouteScope.link.rawValue)
      let gateway = wanted.gateway ?? (isOnLink ? nil : result.gateway(wanted.destination.family))
      let route = Route(wanted, via: gateway)
      if !routes.contains(route) { routes.append(route) }
    }
    self.routes = routes
  }

  package var hasIPv6: Bool { addresses.contains { $0.family == .ip6 } }

  /// Sets the parameters that must hold before the interface comes up.
  package func prepare(_ interface: String) throws(CNIError) {
    guard hasIPv6 else { return }
    try reporting("set parameters of \(interface)") { () throws(SystemError) in
      for name in ["lo", interface] {
        let disabled = Sysctl("net", "ipv6", "conf", name, "disable_ipv6")
        if try disabled.read() != "0" { try disabled.write("0") }
      }
      let own = ["net", "ipv6", "conf", interface]
      try Sysctl(own + ["keep_addr_on_down"]).write("1")
      // Of the link-local address too, which the kernel adds itself.
      try Sysctl(own + ["accept_dad"]).write(detectsDuplicates ? "1" : "0")
      if detectsDuplicates { try Sysctl(own + ["enhanced_dad"]).write("1") }
    }
  }

  /// Gives the interface its addresses and attributes, brings it up, and adds its routes, all in one datagram; waits until no address is
  /// tentative. `socket` is one of the container's namespace.
  package func install(
    on index: UInt32, named name: String, _ attributes: LinkAttributes = LinkAttributes(),
    by socket: borrowing RouteSocket
  ) throws(CNIError) {
    var flags: InterfaceAddress.Flags = detectsDuplicates ? [] : .noDAD
    if !hasPrefixRoutes { flags.insert(.noPrefixRoute) }
    var changes = addresses.map { prefix in
      var address = InterfaceAddress(prefix, of: index, flags: flags)
      address.broadcast = address.usualBroadcast
      return RouteChange.addAddress(address)
    }
    if !attributes.isEmpty { changes.append(.setAttributes(attributes, of: index)) }
    changes.append(.bringUp(index))
    for route in routes { changes.append(.add(route, by: index)) }
    let failures = try reporting(name) { () throws(NetlinkError) in try socket.make(changes) }
    for (change, failure) in zip(changes, failures) {
      guard let failure else { continue }
      guard case .addRoute(let route, _) = change, failure.isAlreadyThere else {
        throw Self.refused(change, failure, name)
      }
      try reporting(name) { () throws(NetlinkError) in try socket.addBehindOthers(route) }
    }
    announceLater(name)
    if detectsDuplicates && hasIPv6 { try waitForDAD(index, name, socket) }
  }

  private static func refused(_ change: RouteChange, _ failure: NetlinkError, _ name: String) -> CNIError {
    if case .bringUp = change, failure.number == EADDRINUSE {
      // The interface of a container that is being removed may have it for a moment longer.
      return CNIError(.tryAgainLater, "\(name): another interface upon the same parent has its MAC address")
    }
    return CNIError(failure, name)
  }

  /// Has the kernel announce the addresses when the MAC address changes later. Set before the interface came up, it would announce them then
  /// too, to all ports of a bridge. Without it neighbours only learn of such a change later.
  private func announceLater(_ interface: String) {
    try? Sysctl("net", "ipv4", "conf", interface, "arp_notify").write("1")
    if hasIPv6 { try? Sysctl("net", "ipv6", "conf", interface, "ndisc_notify").write("1") }
  }

  private func waitForDAD(_ index: UInt32, _ name: String, _ socket: borrowing RouteSocket) throws(CNIError) {
    let seconds = 5
    // Without a carrier it does not begin.
    let hasCarrier = try reporting(name) { () throws(NetlinkError) in try socket.link(index).hasCarrier }
    if !hasCarrier { return }
    let failed = try reporting(name) { () throws(NetlinkError) in
      try socket.waitForDAD(index, milliseconds: seconds * 1000)
    }
    guard let failed else {
      throw CNIError(.tryAgainLater, "\(name): duplicate address detection did not end within \(seconds) s")
    }
    guard let taken = failed.first else { return }
    throw CNIError(.resourceConflict, "\(name): another host on the link has the address \(taken.address)")
  }
}

extension NetworkResult {
  /// The first gateway of a family.
  package func gateway(_ family: AddressFamily) -> IPAddress? {
    ips.first { $0.gateway?.family == family }?.gateway
  }
}

extension Route {
  /// A route of a result, with the gateway that it has or is given.
  init(_ wanted: NetworkResult.Route, via gateway: IPAddress?) {
    self.init(to: wanted.destination.network)
    self.gateway = gateway
    if let table = wanted.table.flatMap({ UInt32(exactly: $0) }), table != 0 { self.table = table }
    priority = wanted.priority.flatMap { UInt32(exactly: $0) }
    mtu = wanted.mtu.flatMap { UInt32(exactly: $0) }.flatMap { $0 == 0 ? nil : $0 }
    advertisedMSS = wanted.advMSS.flatMap { UInt32(exactly: $0) }.flatMap { $0 == 0 ? nil : $0 }
    if let scope = wanted.scope.flatMap({ UInt8(exactly: $0) }) {
      self.scope = RouteScope(rawValue: scope)
    } else if gateway == nil && destination.family == .ip {
      // So that gateways within it can be reached by it, as with `ip route add`.
      scope = .link
    }
  }
}

extension RouteChange {
  /// Adds a route through an interface. A route to the same destination stays in front of it: a container's first network keeps the
  /// default route.
  static func add(_ route: Route, by index: UInt32) -> RouteChange {
    var route = route
    route.interface = index
    // Appended, an IPv6 route would share the packets with the one that is there.
    return .addRoute(route, route.destination.family == .ip ? .appending : .exclusive)
  }
}

extension RouteSocket {
  /// Adds a route to a destination that has one already: with a higher metric if it is another one, nothing if it is the same.
  fileprivate func addBehindOthers(_ route: Route) throws(NetlinkError) {
    // IPv4 keeps several of one metric, and refuses only the same.
    if route.destination.family == .ip { return }
    let present = try routes(RouteFilter(.ip6, table: route.table)).filter { $0.destination == route.destination }
    if present.contains(where: { $0.gateway == route.gateway && $0.interface == route.interface }) { return }
    // The kernel gives a route without metric 1024 (IP6_RT_PRIO_USER).
    let metrics = present.map { $0.priority ?? 1024 }
    let last = max(route.priority ?? 1024, metrics.max() ?? 1024)
    if last == UInt32.max {
      throw NetlinkError(
        "add the route \(route) behind the others", number: EEXIST, explanation: "one of them has the highest metric")
    }
    var next = route
    next.priority = last + 1
    try add(next)
  }
}
