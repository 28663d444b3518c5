// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import Attaching
import CNI
import Netlink
import OS
import Sysctl

extension HostVeth {
  /// Brings the host's end up as the gateway of the container's addresses, with the attachment's tag as its alias. Whatever this makes goes
  /// with the interface. Throws code 103 if another container has one of the addresses.
  func serve(
    _ addresses: [NetworkResult.IPConfig], _ attachment: Attachment, _ routes: borrowing RouteSocket
  ) throws(CNIError) {
    if addresses.contains(where: { $0.address.family == .ip6 }) {
      // Of the link-local address, from which the host looks for the container. Nobody else is on the link.
      try reporting { () throws(SystemError) in try Sysctl("net", "ipv6", "conf", name, "accept_dad").write("0") }
    }
    var attributes = LinkAttributes()
    attributes.alias = AttachmentTag(attachment).text
    var changes: [RouteChange] = [.setAttributes(attributes, of: index), .bringUp(index)]
    var gateways: [IPAddress] = []
    for gateway in addresses.compactMap(\.gateway) where !gateways.contains(gateway) {
      gateways.append(gateway)
      // The other end belongs to the container alone, which does not have this address.
      changes.append(.addAddress(InterfaceAddress(Prefix(host: gateway), of: index, flags: .noDAD)))
    }
    for entry in addresses {
      var route = Route(to: Prefix(host: entry.address.address))
      route.interface = index
      if route.destination.family == .ip { route.scope = .host }
      changes.append(.addRoute(route, .exclusive))
    }
    let failures = try reporting(name) { () throws(NetlinkError) in try routes.make(changes) }
    for (change, failure) in zip(changes, failures) {
      guard let failure else { continue }
      guard case .addRoute(let route, _) = change, failure.isAlreadyThere else { throw CNIError(failure, name) }
      try replace(route, attachment, routes)
    }
  }

  /// Takes a route over from an interface of the same network: that is a container's which is gone, as the network's IPAM plugin has
  /// assigned the address anew.
  private func replace(
    _ route: Route, _ attachment: Attachment, _ routes: borrowing RouteSocket
  ) throws(CNIError) {
    let prefix = AttachmentTag.prefix(ofNetwork: attachment.network)
    let others = try reporting(name) { () throws(NetlinkError) in
      var found: [Link] = []
      for present in try routes.routes(RouteFilter(route.destination.family))
      where present.destination == route.destination && present.priority == route.usualPriority {
        if let index = present.interface, let link = try routes.linkIfAny(index) { found.append(link) }
      }
      return found
    }
    for other in others where other.attributes.alias?.hasPrefix(prefix) != true {
      let owner = other.attributes.alias.map { $0.isEmpty ? "" : " (\($0))" } ?? ""
      throw CNIError(
        .resourceConflict,
        "\(name): the host has a route to \(route.destination) already, by \(other.name)\(owner), which is not of this network"
      )
    }
    try reporting(name) { () throws(NetlinkError) in try routes.add(route, .replacing) }
  }
}

extension Route {
  /// The metric that the kernel gives it without one, as it is read: `IP6_RT_PRIO_USER` for IPv6.
  fileprivate var usualPriority: UInt32? { destination.family == .ip ? nil : 1024 }
}

extension Link {
  /// What the host's end lacks of what ``HostVeth/serve(_:_:_:)`` gives it, in words.
  func problems(
    serving addresses: [NetworkResult.IPConfig], _ routes: borrowing RouteSocket
  ) throws(NetlinkError) -> [String] {
    var problems: [String] = []
    if !isUp { problems.append("\(name) is down") }
    let present = try routes.addresses(of: index).map(\.address)
    for gateway in addresses.compactMap(\.gateway) where !present.contains(gateway) {
      problems.append("\(name) lacks the address \(gateway)")
    }
    for family in AddressFamily.allCases {
      let wanted = addresses.map(\.address.address).filter { $0.family == family }
      if wanted.isEmpty { continue }
      let ways = try routes.routes(RouteFilter(family, interface: index))
      for address in wanted where !ways.contains(where: { $0.destination == Prefix(host: address) }) {
        problems.append("the host's route to \(address) by \(name) is missing")
      }
    }
    return problems
  }
}
