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

  /// The routes of `ipam`, as they are to stand in the result.
  package func ipamRoutes() throws(CNIError) -> [NetworkResult.Route] {
    try reporting { () throws(FieldError) in
      var routes: [NetworkResult.Route] = []
      for item in try document["ipam"]["routes"].array() ?? [] {
        routes.append(try NetworkResult.Route(configured: item))
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
  /// A route as it is configured, without attributes that are 0 and members that are unknown, which upstream leaves out.
  fileprivate init(configured field: Field) throws(FieldError) {
    try self.init(field)
    if mtu == 0 { mtu = nil }
    if advMSS == 0 { advMSS = nil }
    if priority == 0 { priority = nil }
    unknown = JSONObject()
  }
}
