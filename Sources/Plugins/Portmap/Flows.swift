// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI
import Netlink
import Rules

/// What the kernel remembers of flows that have no connection to end: they would go on to where their first packet
/// went.
enum Flows {
  /// Makes the kernel forget the UDP and SCTP flows to these ports.
  static func forget(_ ports: [HostPort]) throws(CNIError) {
    let ports = ports.filter { $0.transport != .tcp }
    if ports.isEmpty { return }
    do throws(NetlinkError) {
      let conntrack = try NetlinkSocket.open(.netfilter)
      let routes = try NetlinkSocket.open(.route)
      let destinations = ports.map {
        FlowDestination(family: $0.family, transport: $0.transport.number, port: $0.port, address: $0.address)
      }
      try conntrack.forgetFlows(destinations) { (address) throws(NetlinkError) in try isLocal(address, routes) }
    } catch {
      throw CNIError(.kernelRefused, "forget the flows to forwarded ports: \(error)")
    }
  }

  private static func isLocal(_ address: IPAddress, _ routes: borrowing NetlinkSocket) throws(NetlinkError) -> Bool {
    do {
      return try routes.route(to: address).isLocal
    } catch {
      if error.isNoRoute { return false }
      throw error
    }
  }
}
