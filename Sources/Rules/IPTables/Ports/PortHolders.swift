// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI
import Rules

/// The attachment that has a host port.
struct PortHolder {
  /// The attachment's chain.
  let chain: String
  /// The comment of the attachment's entry.
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
  /// For each port the holder of the first entry whose chain publishes the port's number and for which `takes` holds, given the
  /// chain, the published host port and the port. Each entry and chain is read once, because there may be thousands.
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

  /// The forwards in an attachment's chain, by their ports.
  func publishedPorts(_ chain: String) throws(CNIError) -> PublishedPorts {
    let forwards = try rules(of: chain, holding: nil).compactMap { $0.rule?.forward }
    return Dictionary(grouping: forwards) { PortOfTransport($0.hostPort) }
  }
}

typealias PublishedPorts = [PortOfTransport: [PortForward]]

/// A port number of a protocol, on any address.
struct PortOfTransport: Hashable {
  let transport: TransportProtocol
  let port: UInt16

  init(_ transport: TransportProtocol, _ port: UInt16) { (self.transport, self.port) = (transport, port) }

  init(_ port: HostPort) { self.init(port.transport, port.port) }
}

extension HostPort {
  /// Whether some packet goes to both host ports.
  func overlaps(_ other: HostPort) -> Bool { covers(other) || other.covers(self) }

  /// Whether a forward of this host port takes all packets that go to the other one.
  func covers(_ other: HostPort) -> Bool {
    family == other.family && transport == other.transport && port == other.port
      && (address == nil || address == other.address)
  }
}

extension IPTablesRule {
  /// The ports among these that an entry is for.
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
