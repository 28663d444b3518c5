// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI
import Netlink
import Skel

/// What CHECK compares on the container's interface: what its own plugin has made, and not what plugins behind it may have changed.
package struct ContainerInterfaceCheck {
  /// The interface's name in the container.
  private let name: String
  /// What the result of ADD says of the interface's addresses.
  private let addresses: [NetworkResult.IPConfig]
  private let routes: [NetworkResult.Route]

  /// Takes the result of ADD, which CHECK needs; throws code 7 without one, or if it does not name the interface.
  package init(_ request: Request) throws(CNIError) {
    let document = request.config.document
    guard let result = try request.config.previousResult() else {
      throw CNIError(document["prevResult"].expected("the result of ADD"))
    }
    name = request.attachment.interface
    let (own, interface) = (
      name, result.interfaces.firstIndex { $0.name == request.attachment.interface && $0.sandbox != nil }
    )
    guard let interface else {
      throw CNIError(.invalidConfiguration, "prevResult.interfaces: expected an entry for \(own) with its sandbox")
    }
    addresses = result.ips.filter { $0.interface == nil || $0.interface == interface }
    routes = result.routes
  }

  /// What is missing of the interface, its addresses and routes; `kind` is the interface's, nil if any will do. The calling thread must be
  /// in the container's namespace.
  package func problems(kind: String?, isUp: Bool = true) throws(CNIError) -> [String] {
    try reporting("look at \(name)") { () throws(NetlinkError) in
      let socket = try RouteSocket.open()
      guard let link = try socket.linkIfAny(named: name) else { return ["the interface \(name) is missing"] }
      if let kind, link.kind != kind { return ["\(name) is of the kind \"\(link.kind)\" instead of \(kind)"] }
      var problems: [String] = []
      if isUp && !link.isUp { problems.append("\(name) is down") }
      let present = try socket.addresses(of: link.index)
      for wanted in addresses {
        let address = wanted.address
        if !present.contains(where: { $0.address == address.address && $0.prefixLength == address.length }) {
          problems.append("\(name) lacks the address \(address)")
        }
      }
      return try problems + routeProblems(socket)
    }
  }

  /// The routes that are in no table, by whichever interface: a plugin behind, such as sbr, may have moved them from the main table, or
  /// have added some by another interface to the result, which does not tell whose a route is.
  private func routeProblems(_ socket: borrowing RouteSocket) throws(NetlinkError) -> [String] {
    var problems: [String] = []
    for family in AddressFamily.allCases {
      let wanted = routes.filter { $0.destination.family == family }
      if wanted.isEmpty { continue }
      let present = try socket.routes(RouteFilter(family, table: nil))
      for route in wanted where !present.contains(where: { route.isInstalled(as: $0) }) {
        let gateway = route.gateway.map { " via \($0)" } ?? ""
        problems.append("the route to \(route.destination)\(gateway) is missing")
      }
    }
    return problems
  }
}

extension NetworkResult.Route {
  fileprivate func isInstalled(as route: Netlink.Route) -> Bool {
    let isSameTable = table == nil || table == 0 || table.flatMap { UInt32(exactly: $0) } == route.table
    return route.destination == destination.network && isSameTable && (gateway == nil || gateway == route.gateway)
  }
}
