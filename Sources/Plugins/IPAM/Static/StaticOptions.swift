// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI
import IPAM
import JSON

/// The configuration of the plugin, with `CNI_ARGS`, `args` and `runtimeConfig`.
struct StaticOptions: Sendable {
  let addresses: [NetworkResult.IPConfig]
  let routes: [NetworkResult.Route]
  let dns: NetworkResult.DNS

  init(_ config: NetworkConfig, _ environment: CNIArguments) throws(CNIError) {
    let ipam = try config.ipam()
    let configured = try reporting { () throws(FieldError) in try Self.addresses(ipam["addresses"]) }
    let requests = try AddressRequests(config, environment, .prefix, isList: true)
    let (list, path) = Self.chosen(configured, requests)
    try config.requireRoom(for: list.map(\.address.family), at: path)
    if list.isEmpty, config.version < .v0_3_0 {
      let reason = "a result of cniVersion \(config.version.rawValue) needs an address"
      throw CNIError(.invalidConfiguration, "\(path): \(reason)")
    }
    addresses = list
    routes = try config.ipamRoutes()
    dns = try config.ipamDNS()
  }

  private static func addresses(_ field: Field) throws(FieldError) -> [NetworkResult.IPConfig] {
    var list: [NetworkResult.IPConfig] = []
    for item in try field.array() ?? [] {
      guard try item.object() != nil else { throw item.expected("an object with an address") }
      guard let text = try item["address"].string(), let address = Prefix(text) else {
        throw item["address"].expected("an address with its prefix length, such as 10.1.2.3/24")
      }
      list.append(NetworkResult.IPConfig(address, gateway: try item["gateway"].address()))
    }
    return list
  }

  /// The addresses to give, and where they stand: `runtimeConfig.ips` replaces `args.cni.ips`, and this all others; `IP` of
  /// `CNI_ARGS` is added to the configured ones.
  private static func chosen(
    _ configured: [NetworkResult.IPConfig], _ requests: AddressRequests
  ) -> ([NetworkResult.IPConfig], String) {
    for (list, path) in [(requests.ofRuntime, "runtimeConfig.ips"), (requests.ofArguments, "args.cni.ips")]
    where !list.isEmpty {
      return (list.compactMap { $0.assigned(configured, requests.gateways) }, path)
    }
    let added = requests.ofEnvironment.compactMap { $0.assigned([], requests.gateways) }
    return (configured + added, "ipam.addresses")
  }
}

extension RequestedAddress {
  /// The address with a gateway of its subnet: the last of `gateways` in it, else that of the first configured address whose subnet
  /// has it. Upstream loses the gateway of an address that comes as a capability.
  fileprivate func assigned(
    _ configured: [NetworkResult.IPConfig], _ gateways: [IPAddress]
  ) -> NetworkResult.IPConfig? {
    guard let prefix else { return nil }
    let own = gateways.last { prefix.network.contains($0) }
    let kept = configured.first { $0.gateway != nil && $0.address.network.contains(address) }?.gateway
    return NetworkResult.IPConfig(prefix, gateway: own ?? kept)
  }
}
