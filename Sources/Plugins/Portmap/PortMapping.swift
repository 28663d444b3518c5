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
  let transport: Transport
  /// Nil for every address of the host.
  let hostAddress: IPAddress?
  /// Where it stands in the configuration.
  let path: String

  init(_ field: Field) throws(FieldError) {
    path = field.path
    _ = try field.object()
    hostPort = try Self.port(field["hostPort"])
    containerPort = try Self.port(field["containerPort"])
    transport = try Self.transport(field["protocol"])
    hostAddress = try Self.hostAddress(field["hostIP"])
  }

  /// The list of a configuration; a host port that is to lead to two places is an error.
  static func list(_ config: NetworkConfig) throws(FieldError) -> [PortMapping] {
    _ = try config.runtimeConfig.object()
    var all: [PortMapping] = []
    for field in try config.runtimeConfig["portMappings"].array() ?? [] { all.append(try PortMapping(field)) }
    if all.count < 2 { return all }
    var known: [HostSide: PortMapping] = [:]
    var mappings: [PortMapping] = []
    for mapping in all {
      guard let other = known.updateValue(mapping, forKey: mapping.hostSide) else {
        mappings.append(mapping)
        continue
      }
      if other.containerPort != mapping.containerPort {
        let port = "\(mapping.hostPort)/\(mapping.transport.rawValue)"
        throw FieldError(
          path: "\(mapping.path).hostPort",
          reason: "\(port) goes to container port \(other.containerPort) by \(other.path) already")
      }
    }
    return mappings
  }

  /// What two mappings cannot share.
  private struct HostSide: Hashable {
    let port: UInt16
    let transport: Transport
    let address: IPAddress?
  }

  private var hostSide: HostSide { HostSide(port: hostPort, transport: transport, address: hostAddress) }

  private static func port(_ field: Field) throws(FieldError) -> UInt16 {
    let range = 1...65_535
    guard let number = try field.integer(in: range) else {
      throw field.expected("a number between \(range.lowerBound) and \(range.upperBound)")
    }
    return UInt16(number)
  }

  private static func transport(_ field: Field) throws(FieldError) -> Transport {
    guard let name = try field.string() else { return .tcp }
    guard let transport = Transport(rawValue: name.lowercased()) else { throw field.expected("tcp, udp or sctp") }
    return transport
  }

  private static func hostAddress(_ field: Field) throws(FieldError) -> IPAddress? {
    guard let text = try field.string() else { return nil }
    guard let address = IPAddress(text) else { throw field.expected("an IPv4 or IPv6 address") }
    return address.isUnspecified ? nil : address
  }
}
