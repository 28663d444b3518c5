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
  let mac: MACAddress?
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

  /// Gives the bridge the gateway addresses that it lacks. An address of a network that overlaps is in the way: code 103, unless `replaces`
  /// says that it goes, or the bridge has no port but `ownPort`.
  func add(
    _ gateways: [Prefix], replaces: Bool, ownPort: UInt32, _ routes: borrowing RouteSocket
  ) throws(CNIError) {
    let present = try reporting { () throws(NetlinkError) in try routes.addresses(of: index) }
    var changes: [RouteChange] = []
    for gateway in gateways where !present.contains(where: { $0.isSame(as: gateway) }) {
      for other in present where other.prefix.overlaps(gateway) && !gateways.contains(where: { other.isSame(as: $0) }) {
        try makeWay(other, for: gateway, replaces: replaces, ownPort, routes)
      }
      // Nobody else has the gateway's address, and the first container is not to wait for DAD.
      var address = InterfaceAddress(gateway, of: index, flags: .noDAD)
      address.broadcast = address.usualBroadcast
      changes.append(.addAddress(address))
    }
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

  private func makeWay(
    _ other: InterfaceAddress, for gateway: Prefix, replaces: Bool, _ ownPort: UInt32, _ routes: borrowing RouteSocket
  ) throws(CNIError) {
    let others = try reporting(name) { () throws(NetlinkError) in try routes.ports(of: index) }
      .filter { $0.index != ownPort }.count
    if !replaces && others > 0 {
      throw CNIError(
        .resourceConflict,
        "bridge: \(name), which has \(others) other ports, has the address \(other.prefix), but its containers need \(gateway); forceAddress would replace it"
      )
    }
    try reporting(name) { () throws(NetlinkError) in _ = try routes.remove(other) }
  }
}

extension InterfaceAddress {
  func isSame(as other: Prefix) -> Bool { address == other.address && prefixLength == other.length }
}

extension Prefix {
  /// Whether any address is in both networks.
  fileprivate func overlaps(_ other: Prefix) -> Bool {
    let (wider, narrower) = length < other.length ? (self, other) : (other, self)
    return wider.network.contains(narrower.address)
  }
}
