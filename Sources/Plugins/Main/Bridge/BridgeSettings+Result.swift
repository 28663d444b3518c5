// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import Attaching
import CNI
import JSON
import Netlink
import Skel

extension BridgeSettings {
  /// Completes what the IPAM plugin has left out: with `isGateway` each address has a gateway, the first address of its network, and with
  /// `isDefaultGateway` each family has a default route over it. Throws code 7 for a network that has no room for a gateway.
  func completeGateways(_ result: inout NetworkResult) throws(CNIError) {
    for index in result.ips.indices {
      result.ips[index].interface = BridgeResult.containerIndex
      if isGateway && result.ips[index].gateway == nil {
        result.ips[index].gateway = try Self.gateway(of: result.ips[index].address)
      }
    }
    if !isDefaultGateway { return }
    for family in AddressFamily.allCases {
      guard let gateway = result.gateway(family) else { continue }
      let isDefault = { (route: NetworkResult.Route) in route.destination == .all(family) && route.table == nil }
      // A default route without a gateway is the same route: it gets this gateway anyway.
      if let index = result.routes.firstIndex(where: isDefault) {
        result.routes[index].gateway = result.routes[index].gateway ?? gateway
      } else {
        result.routes.append(NetworkResult.Route(to: .all(family), via: gateway))
      }
    }
  }

  private static func gateway(of address: Prefix) throws(CNIError) -> IPAddress {
    let network = address.network
    guard address.length < address.family.bits - 1, let gateway = network.address.successor else {
      throw CNIError(
        .invalidConfiguration,
        "isGateway: the network of \(address) has no address for a gateway; expected one from the IPAM plugin")
    }
    if gateway == address.address {
      throw CNIError(
        .invalidConfiguration,
        "isGateway: the container has \(gateway), the first address of its network; expected a gateway from the IPAM plugin"
      )
    }
    return gateway
  }

  /// The result of ADD: the bridge, the host's end, the container's end.
  func result(_ ipam: NetworkResult, _ bridge: HostBridge, _ veth: HostVeth, _ request: Request) -> NetworkResult {
    var result = ipam
    result.interfaces = [
      NetworkResult.Interface(name: bridge.name, mac: bridge.mac?.description),
      NetworkResult.Interface(name: veth.name, mac: veth.mac.description),
      NetworkResult.Interface(
        name: request.attachment.interface, mac: veth.container.mac.description, sandbox: request.namespace),
    ]
    if !dns.isEmpty { result.dns = dns }
    return result
  }
}

/// The places of interfaces in the result.
enum BridgeResult {
  static let containerIndex = 2
}

extension NetworkResult {
  /// The gateways with the lengths of their networks, as addresses of the bridge; none twice.
  var gatewayPrefixes: [Prefix] {
    var prefixes: [Prefix] = []
    for entry in ips {
      guard let gateway = entry.gateway, let prefix = Prefix(gateway, length: entry.address.length) else { continue }
      if gateway.family == entry.address.family && !prefixes.contains(prefix) { prefixes.append(prefix) }
    }
    return prefixes
  }
}

extension HostVeth {
  /// Makes the host's end a port of the bridge, with its options and the attachment's tag as alias, and brings it up.
  func connect(
    to bridge: UInt32, _ options: BridgePortOptions, _ attachment: Attachment, _ routes: borrowing RouteSocket
  ) throws(CNIError) {
    try Self.refuseRouterAdvertisements(on: name)
    try reporting(name) { () throws(NetlinkError) in
      try routes.addPort(index, toBridge: bridge, options, alias: AttachmentTag(attachment).text)
    }
  }
}
