// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import JSON

// The layouts of the versions:
//
// - 0.1.0, 0.2.0: `ip4` and `ip6` with `ip`, `gateway` and `routes`, one address a family, no interfaces
// - 0.3.0 to 0.4.0: lists `interfaces`, `ips` (each with `version` "4" or "6") and `routes`
// - 1.0.0: `ips` without `version`
// - 1.1.0: more members in interfaces; those in routes stand in every version
extension NetworkResult {
  /// Decodes a result in the version that it names, or else in `implied`.
  package init(decoding field: Field, implied: SpecVersion) throws(FieldError) {
    guard var members = try MemberReader(field) else { throw field.expected("a result") }
    let named = members.take("cniVersion")
    guard let version = try named.string().map({ SpecVersion(rawValue: $0) }) ?? implied else {
      throw named.expected("one of \(SpecVersion.allCases.map(\.rawValue).joined(separator: ", "))")
    }
    self.init()
    if version < .v0_3_0 {
      for name in ["ip4", "ip6"] { try readFamily(members.take(name), version) }
    } else {
      for item in try members.take("interfaces").array() ?? [] { interfaces.append(try Interface(item, version)) }
      for item in try members.take("ips").array() ?? [] { ips.append(try IPConfig(item, version)) }
      for item in try members.take("routes").array() ?? [] { routes.append(try Route(item)) }
    }
    dns = try DNS(members.take("dns"))
    unknown = members.rest
  }

  /// The address of one family, with its routes.
  private mutating func readFamily(_ field: Field, _ version: SpecVersion) throws(FieldError) {
    guard var members = try MemberReader(field) else { return }
    for item in try members.take("routes").array() ?? [] { routes.append(try Route(item)) }
    ips.append(try IPConfig(members, addressNamed: "ip"))
  }
}

extension NetworkResult.Interface {
  fileprivate init(_ field: Field, _ version: SpecVersion) throws(FieldError) {
    guard var members = try MemberReader(field) else { throw field.expected("an interface") }
    self.init(name: try members.take("name").string() ?? "")
    mac = try members.take("mac").string()
    sandbox = try members.take("sandbox").string()
    if version >= .v1_1_0 {
      mtu = try members.take("mtu").integer(in: 0...Int(Int32.max))
      socketPath = try members.take("socketPath").string()
      pciID = try members.take("pciID").string()
    }
    unknown = members.rest
  }
}

extension NetworkResult.IPConfig {
  fileprivate init(_ field: Field, _ version: SpecVersion) throws(FieldError) {
    guard var members = try MemberReader(field) else { throw field.expected("an address") }
    // The address implies it.
    if version < .v1_0_0 { _ = members.take("version") }
    // Some plugins write a negative index for none.
    let index = try members.take("interface").integer(in: -1...Int(Int32.max))
    try self.init(members, addressNamed: "address")
    interface = index.flatMap { $0 < 0 ? nil : $0 }
  }

  fileprivate init(_ object: MemberReader, addressNamed name: String) throws(FieldError) {
    var members = object
    let field = members.take(name)
    guard let text = try field.string(), let address = Prefix(text) else {
      throw field.expected("an address with its prefix length, such as 10.1.2.3/24")
    }
    self.init(address, gateway: try members.take("gateway").address())
    unknown = members.rest
  }
}

extension NetworkResult.Route {
  /// Decodes a route, also of an IPAM configuration. Its attributes are read in every version, as upstream does, though the
  /// specification has them since 1.1.0.
  package init(_ field: Field) throws(FieldError) {
    guard var members = try MemberReader(field) else { throw field.expected("a route") }
    let destination = members.take("dst")
    guard let text = try destination.string(), let prefix = Prefix(text) else {
      throw destination.expected("a network with its prefix length, such as 10.1.0.0/16")
    }
    self.init(to: prefix, via: try members.take("gw").address())
    let number = 0...Int(UInt32.max)
    mtu = try members.take("mtu").integer(in: number)
    advMSS = try members.take("advmss").integer(in: number)
    priority = try members.take("priority").integer(in: number)
    table = try members.take("table").integer(in: number)
    scope = try members.take("scope").integer(in: 0...255)
    unknown = members.rest
  }
}

extension NetworkResult.DNS {
  /// Decodes the DNS settings of a result or a configuration; empty if the field is missing.
  package init(_ field: Field) throws(FieldError) {
    self.init()
    guard var members = try MemberReader(field) else { return }
    nameservers = try members.take("nameservers").strings() ?? []
    domain = try members.take("domain").string()
    search = try members.take("search").strings() ?? []
    options = try members.take("options").strings() ?? []
    unknown = members.rest
  }
}
