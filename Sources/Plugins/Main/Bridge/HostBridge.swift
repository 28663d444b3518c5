// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import Attaching
import CNI
import Netlink

/// The bridge on the host.
struct HostBridge {
  let name: String
  let index: UInt32
  private(set) var mac: MACAddress?
  /// Whether this call has made it.
  let isNew: Bool

  /// The driver's name.
  static let kind = "bridge"

  /// Finds the bridge, or makes it, and brings it up. Its MAC address is set when it is made: without that it is the lowest of its ports',
  /// changes as containers come and go, and their neighbour entries become wrong. Throws code 103 if the name belongs to another interface.
  static func prepare(
    _ settings: BridgeSettings, mtu: UInt32?, _ routes: borrowing RouteSocket
  ) throws(CNIError) -> HostBridge {
    let name = settings.bridge
    var isNew = false
    var found = try reporting { () throws(NetlinkError) in try routes.linkIfAny(named: name) }
    if found == nil {
      var link = NewLink(name, .bridge(BridgeOptions()))
      link.attributes.address = .random()
      link.attributes.mtu = mtu
      found = try reporting { () throws(NetlinkError) in try routes.addAndRead(link) }
      isNew = found != nil
    }
    // Another call may have made it in between.
    let link = try reporting { () throws(NetlinkError) in
      if let found { return found }
      return try routes.link(named: name)
    }
    if link.kind != kind {
      throw CNIError(.resourceConflict, "bridge: \(name) exists, but is no bridge")
    }
    if !link.isUp { try HostVeth.refuseRouterAdvertisements(on: name) }
    // Its MAC address is random, and for the time of DAD the host would not deliver packets that it forwards to the first container.
    if isNew { try IPv6Parameter.set("accept_dad", of: name, to: "0") }
    var attributes = LinkAttributes()
    if settings.isPromiscuous && link.attributes.isPromiscuous != true { attributes.isPromiscuous = true }
    if !link.isUp || !attributes.isEmpty {
      try reporting { () throws(NetlinkError) in try routes.set(attributes, of: link.index, isUp: true) }
    }
    return HostBridge(name: name, index: link.index, mac: link.attributes.address, isNew: isNew)
  }

  /// Finds the bridge for CHECK; nil if there is none.
  static func find(_ name: String, _ routes: borrowing RouteSocket) throws(CNIError) -> Link? {
    try reporting { () throws(NetlinkError) in try routes.linkIfAny(named: name) }
  }

  /// Reads the MAC address that the bridge has now: that of one which another program has made may change with its ports.
  mutating func readMAC(_ routes: borrowing RouteSocket) throws(CNIError) {
    if isNew { return }
    mac = try reporting(name) { () throws(NetlinkError) in try routes.link(index).attributes.address }
  }

  /// Gives the bridge the gateway addresses that it lacks. An address of a network that overlaps is in the way: code 103, unless `replaces`
  /// says that it goes.
  func add(
    _ gateways: [Prefix], replaces: Bool, _ routes: borrowing RouteSocket, undoneBy rollback: inout Rollback
  ) throws(CNIError) {
    let present = try reporting { () throws(NetlinkError) in try routes.addresses(of: index) }
    let missing = gateways.filter { gateway in !present.contains { $0.isSame(as: gateway) } }
    let added = missing.map { gateway in
      // Nobody else has the gateway's address, and the first container is not to wait for DAD.
      var address = InterfaceAddress(gateway, of: index, flags: .noDAD)
      address.broadcast = address.usualBroadcast
      return address
    }
    try makeWay(for: added, keeping: gateways, among: present, replaces: replaces, routes, &rollback)
    var changes = added.map { RouteChange.addAddress($0) }
    if changes.isEmpty { return }
    if let mac, !isNew, mac.isUnicast {
      // Pins the MAC of a bridge that another program has made, as upstream does.
      var attributes = LinkAttributes()
      attributes.address = mac
      changes.append(.setAttributes(attributes, of: index))
    }
    let failures = try reporting(name) { () throws(NetlinkError) in try routes.make(changes) }
    // Another call may have added the same address meanwhile.
    for case let failure? in failures where !failure.isAlreadyThere { throw CNIError(failure, name) }
  }

  /// Removes the addresses that are in the way of others.
  private func makeWay(
    for added: [InterfaceAddress], keeping gateways: [Prefix], among present: [InterfaceAddress], replaces: Bool,
    _ routes: borrowing RouteSocket, _ rollback: inout Rollback
  ) throws(CNIError) {
    let former = present.filter { $0.isInTheWay(of: added) && !$0.isAny(of: gateways) }
    guard let first = former.first else { return }
    if !replaces {
      let wanted = added.first { first.isInTheWay(of: [$0]) }.map { "\($0.prefix)" } ?? ""
      throw CNIError(
        .resourceConflict,
        "bridge: \(name) has the address \(first.prefix), but its containers need \(wanted); forceAddress would replace it"
      )
    }
    // Addresses that replace none stay after a failure: other containers may use them by then.
    rollback.add { () throws(CNIError) in try restore(former, insteadOf: added) }
    try reporting(name) { () throws(NetlinkError) in
      for other in former { try routes.remove(other) }
    }
  }

  private func restore(_ former: [InterfaceAddress], insteadOf added: [InterfaceAddress]) throws(CNIError) {
    try reporting(name) { () throws(NetlinkError) in
      let routes = try RouteSocket.open()
      for address in added { try routes.remove(address) }
      let changes = former.map { address in
        var copy = address
        // The others tell a state.
        copy.flags.formIntersection([.noDAD, .noPrefixRoute])
        return RouteChange.addAddress(copy)
      }
      for case let failure? in try routes.make(changes) where !failure.isAlreadyThere { throw failure }
    }
  }
}

extension InterfaceAddress {
  func isSame(as other: Prefix) -> Bool { address == other.address && prefixLength == other.length }

  fileprivate func isAny(of others: [Prefix]) -> Bool { others.contains { isSame(as: $0) } }

  fileprivate func isInTheWay(of others: [InterfaceAddress]) -> Bool {
    others.contains { prefix.overlaps($0.prefix) }
  }
}

extension Prefix {
  /// Whether any address is in both networks.
  fileprivate func overlaps(_ other: Prefix) -> Bool {
    let (wider, narrower) = length < other.length ? (self, other) : (other, self)
    return wider.network.contains(narrower.address)
  }
}
