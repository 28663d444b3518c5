// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import JSON

extension NetworkResult {
  /// Encodes the result in a version of the specification; drops what that version has no member for.
  package func encoded(_ version: SpecVersion) -> JSON {
    var object = JSONObject(["cniVersion": .string(version.rawValue)])
    if version < .v0_3_0 {
      // The first address of each family, with that family's routes.
      for (family, name) in [(AddressFamily.ip, "ip4"), (.ip6, "ip6")] {
        guard let first = ips.first(where: { $0.address.family == family }) else { continue }
        let own = routes.filter { $0.destination.family == family }
        object.append(name, first.encoded(with: own, version))
      }
    } else {
      object.append("interfaces", interfaces.map { $0.encoded(version) })
      object.append("ips", ips.map { $0.encoded(version) })
      object.append("routes", routes.map(\.encoded))
    }
    // Versions before 1.0.0 have `dns` in every result.
    if !dns.isEmpty || version < .v1_0_0 { object.append("dns", dns.encoded) }
    object.appendUnknown(unknown)
    return .object(object)
  }
}

extension NetworkResult.Interface {
  fileprivate func encoded(_ version: SpecVersion) -> JSON {
    var object = JSONObject(["name": .string(name)])
    object.append("mac", mac)
    if version >= .v1_1_0 { object.append("mtu", mtu) }
    object.append("sandbox", sandbox)
    if version >= .v1_1_0 {
      object.append("socketPath", socketPath)
      object.append("pciID", pciID)
    }
    object.appendUnknown(unknown)
    return .object(object)
  }
}

extension NetworkResult.IPConfig {
  fileprivate func encoded(_ version: SpecVersion) -> JSON {
    var object = JSONObject()
    if version < .v1_0_0 { object.append("version", address.family == .ip ? "4" : "6") }
    object.append("interface", interface)
    object.append("address", "\(address)")
    object.append("gateway", gateway.map { "\($0)" })
    object.appendUnknown(unknown)
    return .object(object)
  }

  /// The same for `ip4` and `ip6`.
  fileprivate func encoded(with routes: [NetworkResult.Route], _ version: SpecVersion) -> JSON {
    var object = JSONObject(["ip": .string("\(address)")])
    object.append("gateway", gateway.map { "\($0)" })
    object.append("routes", routes.map(\.encoded))
    object.appendUnknown(unknown)
    return .object(object)
  }
}

extension NetworkResult.Route {
  /// The attributes are written in every version, as upstream does.
  fileprivate var encoded: JSON {
    var object = JSONObject(["dst": .string("\(destination)")])
    object.append("gw", gateway.map { "\($0)" })
    object.append("mtu", mtu)
    object.append("advmss", advMSS)
    object.append("priority", priority)
    object.append("table", table)
    object.append("scope", scope)
    object.appendUnknown(unknown)
    return .object(object)
  }
}

extension NetworkResult.DNS {
  fileprivate var encoded: JSON {
    var object = JSONObject()
    object.append("nameservers", nameservers.map { .string($0) })
    object.append("domain", domain)
    object.append("search", search.map { .string($0) })
    object.append("options", options.map { .string($0) })
    object.appendUnknown(unknown)
    return .object(object)
  }
}

extension JSONObject {
  fileprivate mutating func append(_ name: String, _ value: String?) {
    if let value { append(name, .string(value)) }
  }

  fileprivate mutating func append(_ name: String, _ value: Int?) {
    if let value { append(name, .integer(Int64(value))) }
  }

  fileprivate mutating func append(_ name: String, _ items: [JSON]) {
    if !items.isEmpty { append(name, .array(items)) }
  }

  /// Appends unknown members, except those that this version defines: the decoded value takes precedence.
  fileprivate mutating func appendUnknown(_ members: JSONObject) {
    for member in members.members where self[member.name] == nil { append(member.name, member.value) }
  }
}
