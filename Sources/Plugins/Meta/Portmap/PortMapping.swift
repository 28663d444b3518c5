// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI
import JSON
import Rules

/// An entry of `runtimeConfig.portMappings`.
struct PortMapping: Sendable {
  let hostPort: UInt16
  let containerPort: UInt16
  let transport: TransportProtocol
  /// Nil for every address of the host in these families.
  let hostAddress: IPAddress?
  /// The families in which the port is published if the container has an address there; an unspecified host address stands for
  /// all addresses of its family.
  private(set) var families: [AddressFamily]
  /// The path of the entry in the configuration.
  let path: String

  init(_ field: Field) throws(FieldError) {
    path = field.path
    _ = try field.object()
    hostPort = try Self.port(field["hostPort"])
    containerPort = try Self.port(field["containerPort"])
    transport = try Self.transport(field["protocol"])
    let address = try field["hostIP"].address()
    hostAddress = address.flatMap { $0.isUnspecified ? nil : $0 }
    families = address.map { [$0.family] } ?? AddressFamily.allCases
  }

  /// The mappings of a configuration; a host port that leads to two container ports is an error.
  static func list(_ config: NetworkConfig) throws(FieldError) -> [PortMapping] {
    _ = try config.runtimeConfig.object()
    var all: [PortMapping] = []
    for field in try config.runtimeConfig["portMappings"].array() ?? [] { all.append(try PortMapping(field)) }
    if all.count < 2 { return all }
    var known: [HostPort: PortMapping] = [:]
    var mappings: [PortMapping] = []
    for mapping in all {
      var new = mapping
      new.families = []
      for family in mapping.families {
        let other = known.updateValue(mapping, forKey: mapping.hostPort(family))
        if let other, other.containerPort != mapping.containerPort {
          let port = "\(mapping.hostPort)/\(mapping.transport.rawValue)"
          throw FieldError(
            path: "\(mapping.path).hostPort",
            reason: "\(port) goes to container port \(other.containerPort) by \(other.path) already")
        }
        if other == nil { new.families.append(family) }
      }
      if !new.families.isEmpty { mappings.append(new) }
    }
    return mappings
  }

  /// The host port of the mapping in a family; no other mapping may have the same.
  func hostPort(_ family: AddressFamily) -> HostPort {
    HostPort(family: family, transport: transport, port: hostPort, address: hostAddress)
  }

  private static func port(_ field: Field) throws(FieldError) -> UInt16 {
    let range = 1...65_535
    guard let number = try field.integer(in: range) else {
      throw field.expected("a number between \(range.lowerBound) and \(range.upperBound)")
    }
    return UInt16(number)
  }

  private static func transport(_ field: Field) throws(FieldError) -> TransportProtocol {
    guard let name = try field.string() else { return .tcp }
    guard let transport = TransportProtocol(rawValue: name.lowercased()) else {
      throw field.expected("tcp, udp or sctp")
    }
    return transport
  }
}
