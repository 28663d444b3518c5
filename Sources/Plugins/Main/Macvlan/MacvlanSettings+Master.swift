// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Attaching
import CNI
import Netlink

extension MacvlanSettings {
  /// Finds the master; `routes` is a socket of its namespace. Throws code 7 if it does not exist, or if none is named and there is no
  /// default route; `note` tells which one the default route has chosen.
  func findMaster(_ routes: borrowing RouteSocket, note: (String) -> Void) throws(CNIError) -> Link {
    let place = hasMasterInContainer ? "the container" : "this host"
    if let master {
      let link = try reporting("master") { () throws(NetlinkError) in try routes.linkIfAny(named: master) }
      guard let link else {
        throw CNIError(.invalidConfiguration, "master: \(place) has no interface \(master)")
      }
      return link
    }
    guard let way = try DefaultRoute.find(routes) else {
      throw CNIError(
        .invalidConfiguration,
        "master: expected the name of an interface, as \(place) has no default route to take it from")
    }
    let link = try reporting("master") { () throws(NetlinkError) in try routes.link(way.interface) }
    note("macvlan: master is not set, so it is \(link.name), by which the default route leads")
    return link
  }

  /// The MTU to set; nil for the master's. Throws code 7 if the master's is lower. `host` is a socket of this host's namespace.
  func mtu(of master: Link, _ host: borrowing RouteSocket) throws(CNIError) -> UInt32? {
    guard let mtu else { return nil }
    let wanted = try mtu.resolved(host)
    guard let most = master.attributes.mtu, wanted > most else { return wanted }
    if case .auto = mtu { return nil }
    throw CNIError(
      .invalidConfiguration,
      "mtu: expected at most \(most), the MTU of the master \(master.name), found \(wanted)")
  }
}
