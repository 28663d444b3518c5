// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI
import JSON

extension NetworkConfig {
  /// The object `ipam`; throws code 7 if there is none.
  package func ipam() throws(CNIError) -> Field {
    let field = document["ipam"]
    let object = try reporting { () throws(FieldError) in try field.object() }
    if object == nil {
      throw CNIError(field.expected("the IPAM plugin's configuration"))
    }
    return field
  }

  /// The routes of `ipam`, as they are to stand in the result. Their attributes are kept in every version, as upstream keeps them.
  package func ipamRoutes() throws(CNIError) -> [NetworkResult.Route] {
    try reporting { () throws(FieldError) in
      var routes: [NetworkResult.Route] = []
      for item in try document["ipam"]["routes"].array() ?? [] {
        routes.append(try NetworkResult.Route(configured: item, version))
      }
      return routes
    }
  }

  /// `dns` of `ipam`, without what the specification does not know.
  package func ipamDNS() throws(CNIError) -> NetworkResult.DNS {
    try reporting { () throws(FieldError) in
      var dns = try NetworkResult.DNS(document["ipam"]["dns"])
      dns.unknown = JSONObject()
      return dns
    }
  }

  /// Throws code 7 if the version has room for one address of each family only, and these are more.
  package func requireRoom(for families: [AddressFamily], at path: String) throws(CNIError) {
    if version >= .v0_3_0 { return }
    for family in AddressFamily.allCases where families.filter({ $0 == family }).count > 1 {
      let reason = "a result of cniVersion \(version.rawValue) cannot have more than one \(family.title) address"
      throw CNIError(.invalidConfiguration, "\(path): \(reason)")
    }
  }
}

extension NetworkResult.Route {
  /// The attributes that came with 1.1.0.
  private static let attributes = ["mtu", "advmss", "priority", "table", "scope"]

  fileprivate init(configured field: Field, _ version: SpecVersion) throws(FieldError) {
    var route = try Self(field, .v1_1_0)
    // Upstream leaves these out where they are 0.
    if route.mtu == 0 { route.mtu = nil }
    if route.advMSS == 0 { route.advMSS = nil }
    if route.priority == 0 { route.priority = nil }
    route.unknown = JSONObject()
    if version < .v1_1_0 {
      // The encoding for older versions writes only what it does not know.
      for (name, value) in zip(Self.attributes, [route.mtu, route.advMSS, route.priority, route.table, route.scope]) {
        if let value { route.unknown.append(name, .integer(Int64(value))) }
      }
    }
    self = route
  }
}
