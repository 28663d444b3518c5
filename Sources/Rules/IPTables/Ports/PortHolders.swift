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
    var published: [String: [PortOfTransport: [PortForward]]] = [:]
    for entry in entries {
      if missing.isEmpty { break }
      guard let chain = entry.jump, let rule = entry.rule else { continue }
      let asked = rule.entryPorts(among: missing.keys)
      if asked.isEmpty { continue }
      if published[chain] == nil {
        let forwards = try rules(of: chain, holding: nil).compactMap { $0.rule?.forward }
        published[chain] = Dictionary(grouping: forwards) { PortOfTransport($0.hostPort) }
      }
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
}

/// What other interfaces of a container have published.
struct SiblingPorts {
  var ports: [HostPort] = []
  /// The last of their entries.
  var last: PlacedRule?
}

extension TableEdit {
  /// What other interfaces of the same container have of the ports that an attachment wants. They were there first: runtimes call
  /// a container's first interface `eth0`, for which nothing is looked for.
  mutating func siblings(of rules: PortRules) throws(CNIError) -> SiblingPorts {
    var siblings = SiblingPorts()
    let attachment = rules.attachment
    if attachment.isFirstInterface { return siblings }
    let id = Array("id: \"\(attachment.owner.containerID)\"".utf8)
    for entry in try self.rules(of: PortRules.entries, holding: [id]) {
      guard let chain = entry.jump, chain != rules.chain, attachment.isOfContainer(entry.rule?.comment) else {
        continue
      }
      let published = try self.rules(of: chain, holding: nil).compactMap { $0.rule?.forward?.hostPort }
      let shared = published.filter { port in rules.hostPorts.contains { $0.sharesPort(with: port) } }
      if shared.isEmpty { continue }
      siblings.ports += shared
      siblings.last = entry
    }
    return siblings
  }
}

/// A port on whichever address.
private struct PortOfTransport: Hashable {
  let transport: Transport
  let port: UInt16

  init(_ transport: Transport, _ port: UInt16) { (self.transport, self.port) = (transport, port) }

  init(_ port: HostPort) { self.init(port.transport, port.port) }
}

extension HostPort {
  /// Whether it is the same port of the same transport, on whichever address.
  func sharesPort(with other: HostPort) -> Bool { transport == other.transport && port == other.port }

  /// Whether what is published here takes what comes to another port of this host.
  func covers(_ other: HostPort) -> Bool {
    family == other.family && transport == other.transport && port == other.port
      && (address == nil || address == other.address)
  }
}

extension IPTablesRule {
  /// Those of these ports that an entry is about.
  fileprivate func entryPorts(among ports: Dictionary<PortOfTransport, [Int]>.Keys) -> [PortOfTransport] {
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
