// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI
import JSON

/// The delegate's configuration:
///
///     { delegate…, "type": "bridge", "isGateway": true, "mtu": M, "ipMasq": not IPMASQ,
///       "cniVersion": …, "name": …, "runtimeConfig": …, "args": …, "prevResult": …,
///       "ipam": { ipam…, "type": "host-local", "ranges": [[{"subnet": SUBNET}], …],
///                 "routes": [ipam.routes…, {"dst": NETWORK}, …] } }
///
/// Members of `delegate` override the values here, but for the last two lines.
struct DelegateConfig {
  private(set) var object: JSONObject

  /// The configuration for a node with this subnet; without one it serves only to remove.
  init(_ options: FlannelOptions, _ subnet: SubnetFile?, _ config: NetworkConfig) throws(FieldError) {
    var object = options.delegate
    object.setDefault("type", .string(options.type))
    if options.type == "bridge" { object.setDefault("isGateway", .bool(true)) }
    if let subnet {
      object.setDefault("mtu", .integer(Int64(subnet.mtu)))
      object.setDefault("ipMasq", .bool(!subnet.masquerades))
    }
    object.replace("ipam", .object(try Self.ipam(options, subnet, config)))
    self.object = object
    adapt(to: config)
  }

  /// A kept configuration, for this call.
  init(saved object: JSONObject, for config: NetworkConfig) {
    self.object = object
    adapt(to: config)
  }

  /// Sets the members that belong to this call, but for GC's list of attachments, which the DELs of a GC must not have.
  private mutating func adapt(to config: NetworkConfig) {
    object.replace("cniVersion", .string(config.version.rawValue))
    object.replace("name", .string(config.name))
    for name in ["runtimeConfig", "args", "prevResult"] {
      if let value = config.document[name].value { object.replace(name, value) }
    }
  }

  /// The same for the delegate's GC, with the list of what it must spare.
  func collecting(_ config: NetworkConfig) -> JSONObject {
    var copy = object
    for name in ["cni.dev/valid-attachments", "cni.dev/attachments"] {
      // `null` is an empty list.
      if case .object(let document)? = config.document.value, let list = document.known(name) {
        copy.replace(name, list.value)
      }
    }
    return copy
  }

  /// The same to be kept, as upstream does: without the members of one call.
  var lasting: JSONObject {
    var copy = object
    for name in ["prevResult", "args"] { _ = copy.take(name) }
    return copy
  }

  private static func ipam(
    _ options: FlannelOptions, _ subnet: SubnetFile?, _ config: NetworkConfig
  ) throws(FieldError) -> JSONObject {
    var ipam = options.ipam
    ipam.setDefault("type", .string("host-local"))
    let ranges = subnet?.subnets ?? placeholders(config)
    ipam.replace(
      "ranges", .array(ranges.map { .array([.object(JSONObject(["subnet": .string("\($0.network)")]))]) }))
    let given = try Field(path: "ipam", .object(ipam))["routes"].array() ?? []
    var routes = given.compactMap(\.value)
    for network in subnet?.networks ?? [] {
      // Of two routes to one network the first counts, and may have more attributes.
      let isGiven = given.contains {
        ((try? $0["dst"].string()) ?? nil).flatMap { Prefix($0) }?.network == network.network
      }
      if !isGiven { routes.append(.object(JSONObject(["dst": .string("\(network.network)")]))) }
    }
    ipam.replace("routes", .array(routes))
    return ipam
  }

  /// The ranges where flanneld's file is missing: the networks of the result's addresses, or any. host-local demands a range, but
  /// releases by container.
  private static func placeholders(_ config: NetworkConfig) -> [Prefix] {
    let result = (try? config.previousResult()) ?? nil
    let known = result?.ips.map(\.address.network) ?? []
    if !known.isEmpty { return known }
    // TEST-NET-1, RFC 5737
    return Prefix("192.0.2.0/24").map { [$0] } ?? []
  }
}

extension JSONObject {
  fileprivate mutating func setDefault(_ name: String, _ value: JSON) {
    if known(name).map({ $0.value == .null }) ?? true { replace(name, value) }
  }

  /// Sets a member, in place of every spelling of its name.
  fileprivate mutating func replace(_ name: String, _ value: JSON) {
    _ = take(name)
    append(name, value)
  }
}
