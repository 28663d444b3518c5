// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CLinux

/// A change that can be sent together with others, see ``RouteSocket/make(_:)``.
package enum RouteChange: Equatable, Sendable {
  case bringUp(UInt32)
  case setAttributes(LinkAttributes, of: UInt32)
  case addAddress(InterfaceAddress)
  case addRoute(Route, Addition)
  case removeRoute(Route)
  case removeNeighbour(Neighbour)

  fileprivate var message: NetlinkMessage {
    switch self {
    case .bringUp(let index):
      return NetlinkMessage(
        link: RTM_NEWLINK, NLM_F_ACK, index: index, linkFlags: LinkAttributes().flags(isUp: true))
    case .setAttributes(let attributes, let index):
      var request = NetlinkMessage(link: RTM_SETLINK, NLM_F_ACK, index: index, linkFlags: attributes.flags())
      attributes.append(to: &request)
      return request
    case .addAddress(let address): return address.message(RTM_NEWADDR, Addition.exclusive.flags)
    case .addRoute(let route, let addition): return route.message(RTM_NEWROUTE, addition.flags)
    case .removeRoute(let route): return route.message(RTM_DELROUTE, NLM_F_ACK)
    case .removeNeighbour(let neighbour): return neighbour.message(RTM_DELNEIGH, NLM_F_ACK)
    }
  }

  private var action: String {
    switch self {
    case .bringUp(let index): "bring the interface with index \(index) up"
    case .setAttributes(_, let index): "change the interface with index \(index)"
    case .addAddress(let address): "add \(address.action("to"))"
    case .addRoute(let route, _): "add the route \(route)"
    case .removeRoute(let route): "remove the route \(route)"
    case .removeNeighbour(let neighbour): "remove \(neighbour.action)"
    }
  }

  fileprivate func failure(_ reply: NetlinkReply) -> NetlinkError? {
    if reply.errorNumber == 0 { return nil }
    return reply.failure(action)
  }
}

extension RouteSocket {
  /// Sends changes in one datagram, and returns for each the kernel's error or nil. The kernel makes them in this order, and goes on after
  /// one that it refuses.
  package func make(_ changes: [RouteChange]) throws(NetlinkError) -> [NetlinkError?] {
    let replies = try netlink.executeAll(changes.map { $0.message })
    return zip(changes, replies).map { $0.failure($1) }
  }
}
