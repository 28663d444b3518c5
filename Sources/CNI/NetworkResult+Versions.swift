// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import JSON

/// The conversions between the shapes of a result:
///
/// - 0.1.0, 0.2.0: `ip4` and `ip6` with `ip`, `gateway` and `routes`, one address a family, no interfaces
/// - 0.3.0 to 0.4.0: lists `interfaces`, `ips` (each with `version` "4" or "6") and `routes`
/// - 1.0.0: `ips` without `version`
/// - 1.1.0: more members in interfaces and routes
extension NetworkResult {
  private static let newerInterfaceMembers = ["mtu", "socketPath", "pciID"]
  private static let newerRouteMembers = ["mtu", "advmss", "priority", "table", "scope"]

  static func upgraded(
    _ original: JSONObject, from version: SpecVersion, at path: String
  ) throws(FieldError) -> JSONObject {
    var object = original
    _ = object.take("cniVersion")
    if version < .v0_3_0 { return try lists(from: object, at: path) }
    for name in ["interfaces", "ips", "routes", "dns"] { object.spell(name) }
    if version < .v1_0_0 {
      try object.editItems("ips", at: path) { (item) throws(FieldError) in _ = item.take("version") }
    }
    return object
  }

  func downgraded(to version: SpecVersion) throws(FieldError) -> JSONObject {
    var copy = object
    // A result of the same version or an older one holds nothing newer, only members that it calls its own.
    if source == .v1_1_0, version < .v1_1_0 {
      try copy.editItems("interfaces", at: path) { (item) throws(FieldError) in
        for name in Self.newerInterfaceMembers { _ = item.take(name) }
      }
      try copy.editItems("routes", at: path) { (item) throws(FieldError) in
        for name in Self.newerRouteMembers { _ = item.take(name) }
      }
    }
    if version < .v0_3_0 { return try families(of: copy) }
    if version < .v1_0_0 {
      try copy.editItems("ips", at: path) { (item) throws(FieldError) in
        let family = Self.family(ofPrefix: item.known("address")?.value)
        var versioned = JSONObject(["version": .string(family == .ip ? "4" : "6")])
        for member in item.members { versioned.append(member.name, member.value) }
        item = versioned
      }
    }
    return copy
  }

  /// `ip4` and `ip6` as one list of addresses and one of routes.
  private static func lists(from object: JSONObject, at path: String) throws(FieldError) -> JSONObject {
    var rest = object
    var ips: [JSON] = []
    var routes: [JSON] = []
    for name in ["ip4", "ip6"] {
      let field = Field(path: path, .object(rest))[name]
      _ = rest.take(name)
      guard var entry = try field.object() else { continue }
      routes += try Field(path: field.path, .object(entry))["routes"].array()?.compactMap(\.value) ?? []
      _ = entry.take("routes")
      var address = JSONObject(["address": entry.take("ip") ?? .null])
      for member in entry.members { address.append(member.name, member.value) }
      ips.append(.object(address))
    }
    var result = JSONObject()
    if !ips.isEmpty { result.append("ips", .array(ips)) }
    if !routes.isEmpty { result.append("routes", .array(routes)) }
    for member in rest.members { result.append(member.name, member.value) }
    return result
  }

  /// The first address of each family, with that family's routes.
  private func families(of object: JSONObject) throws(FieldError) -> JSONObject {
    var rest = object
    var result = JSONObject()
    let lists = Field(path: path, .object(rest))
    let ips = try lists["ips"].array() ?? []
    let routes = try lists["routes"].array() ?? []
    for name in ["interfaces", "ips", "routes"] { _ = rest.take(name) }
    for (family, name) in [(AddressFamily.ip, "ip4"), (.ip6, "ip6")] {
      guard
        let first = ips.first(where: { Self.family(ofPrefix: $0["address"].value) == family }),
        var entry = try first.object()
      else { continue }
      var old = JSONObject(["ip": entry.take("address") ?? .null])
      _ = entry.take("interface")
      for member in entry.members { old.append(member.name, member.value) }
      let own = routes.filter { Self.family(ofPrefix: $0["dst"].value) == family }.compactMap(\.value)
      if !own.isEmpty { old.append("routes", .array(own)) }
      result.append(name, .object(old))
    }
    for member in rest.members { result.append(member.name, member.value) }
    return result
  }

  private static func family(ofPrefix value: JSON?) -> AddressFamily? {
    guard case .string(let text) = value else { return nil }
    return Prefix(text)?.family
  }
}

extension JSONObject {
  /// Gives a known member the spelling of the specification.
  fileprivate mutating func spell(_ name: String) {
    guard self[name] == nil, let value = take(name) else { return }
    append(name, value)
  }

  /// Changes each object of a list.
  mutating func editItems(
    _ name: String, at path: String, _ edit: (inout JSONObject) throws(FieldError) -> Void
  ) throws(FieldError) {
    let field = Field(path: path, .object(self))[name]
    guard let items = try field.array() else { return }
    var edited: [JSON] = []
    for item in items {
      guard var object = try item.object() else { throw item.expected("an object") }
      try edit(&object)
      edited.append(.object(object))
    }
    self[name] = .array(edited)
  }
}
