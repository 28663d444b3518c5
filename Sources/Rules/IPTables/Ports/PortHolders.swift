// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI
import Rules

/// What a port of this host leads to.
struct PortHolder {
  /// The chain of the attachment that has the port.
  let chain: String
  /// What the attachment's entry says of it.
  let comment: String?
  let destination: Endpoint
}

extension IPTablesPorts {
  package func destinations(of ports: [HostPort]) throws(CNIError) -> [Endpoint?] {
    var found = [Endpoint?](repeating: nil, count: ports.count)
    for family in AddressFamily.allCases {
      let wanted = ports.indices.filter { ports[$0].family == family }
      if wanted.isEmpty { continue }
      let holders = try transport.look(IPTable(.nat, family)) { (table) throws(CNIError) in
        let entries = try table.rules(of: PortRules.entries) ?? []
        return try table.holders(of: wanted.map { ports[$0] }, entries) { _, taker, port in taker.covers(port) }
      }
      for (index, holder) in zip(wanted, holders) { found[index] = holder?.destination }
    }
    return found
  }
}

extension TableEdit {
  /// For each of these ports the first among entries that has it and for which `takes` holds, given its chain, what it has
  /// published and the port. Each entry and each chain is looked into once, of which there may be thousands.
  mutating func holders(
    of ports: [HostPort], _ entries: [PlacedRule],
    _ takes: (_ chain: String, _ published: HostPort, _ port: HostPort) -> Bool
  ) throws(CNIError) -> [PortHolder?] {
    var found = [PortHolder?](repeating: nil, count: ports.count)
    var missing = Dictionary(grouping: ports.indices) { PortOfTransport(ports[$0]) }
    var published: [String: PublishedPorts] = [:]
    for entry in entries {
      if missing.isEmpty { break }
      guard let chain = entry.jump, let rule = entry.rule else { continue }
      let asked = rule.entryPorts(among: missing.keys)
      if asked.isEmpty { continue }
      if published[chain] == nil { published[chain] = try publishedPorts(chain) }
      for port in asked {
        missing[port] = missing[port]?.filter { index in
          let forward = published[chain]?[port]?.first { takes(chain, $0.hostPort, ports[index]) }
          found[index] = forward.map {
            PortHolder(chain: chain, comment: rule.comment, destination: $0.destination)
          }
          return forward == nil
        }
        if missing[port]?.isEmpty ?? false { missing[port] = nil }
      }
    }
    return found
  }

  /// What a chain of an attachment publishes.
  func publishedPorts(_ chain: String) throws(CNIError) -> PublishedPorts {
    let forwards = try rules(of: chain, holding: nil).compactMap { $0.rule?.forward }
    return Dictionary(grouping: forwards) { PortOfTransport($0.hostPort) }
  }
}

typealias PublishedPorts = [PortOfTransport: [PortForward]]

/// A port on whichever address.
struct PortOfTransport: Hashable {
  let transport: TransportProtocol
  let port: UInt16

  init(_ transport: TransportProtocol, _ port: UInt16) { (self.transport, self.port) = (transport, port) }

  init(_ port: HostPort) { self.init(port.transport, port.port) }
}

extension HostPort {
  /// Whether anything comes to both.
  func overlaps(_ other: HostPort) -> Bool { covers(other) || other.covers(self) }

  /// Whether what is published here takes what comes to another port of this host.
  func covers(_ other: HostPort) -> Bool {
    family == other.family && transport == other.transport && port == other.port
      && (address == nil || address == other.address)
  }
}

extension IPTablesRule {
  /// Those of these ports that an entry is about.
  func entryPorts<Value>(among ports: Dictionary<PortOfTransport, Value>.Keys) -> [PortOfTransport] {
    guard let transport = transport?.value else { return [] }
    var found: [PortOfTransport] = []
    for case .multiport(let match) in matches where match.side != .source && !match.isNegated {
      for range in match.ports {
        if range.count < ports.count {
          found += range.lazy.map { PortOfTransport(transport, $0) }.filter { ports.contains($0) }
        } else {
          found += ports.filter { $0.transport == transport && range.contains($0.port) }
        }
      }
    }
    return found
  }
}
