// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import NFTables
import Rules

extension AttachmentElements {
  /// The elements of a request to forward host ports.
  init(_ request: PortForwardingRequest) {
    self.init(of: request.attachment, in: .ports) { elements in
      for forward in request.forwards { elements.add(forward) }
    }
  }

  private mutating func add(_ forward: PortForward) {
    let (port, destination) = (forward.hostPort, forward.destination)
    let id = Element.ID(port)
    var note = ""
    if let conditions = forward.conditions {
      note = OnDemandChain.conditionsID(conditions)
      add(Element.ID(port, in: note))
      need(OnDemandChain.conditionsName(port.family, note)) { .conditions(conditions) }
    }
    add(id, data: destination.address.bytes + Element.ID.padded(destination.port), note: note)
    for source in forward.masqueradedSources {
      add(Element.ID(masquerading: source, from: port.port, to: destination))
      let length = source.length
      need(OnDemandChain.masqueradeName(port.family, length)) { .masquerade(port.family, length) }
    }
  }
}

// MARK: - The IDs of ports

extension Element.ID {
  /// The element of the mapping that serves a host port.
  init(_ port: HostPort) {
    let map = Feature.map(of: port)
    self.init(set: map.name, key: (port.address?.bytes ?? []) + Self.transport(port) + Self.padded(port.port))
  }

  /// The element of a host port in the set of the conditions with this ID.
  init(_ port: HostPort, in conditions: some StringProtocol) {
    let set = OnDemandChain.conditionsSet(port.family, conditions, hasHostAddress: port.address != nil)
    self.init(set: set, key: Element.ID(port).key)
  }

  /// The element of a mapping that waits for a host port; rank 0 has waited longest.
  init(_ port: HostPort, rank: UInt16) {
    let key = (port.address?.bytes ?? []) + Self.padded(port.port) + Self.transport(port) + Self.padded(rank)
    self.init(set: Feature.waiting(Feature.map(of: port)).name, key: key)
  }

  /// The element that masquerades connections which come from a network, without host part, by a host port to a container.
  init(masquerading source: Prefix, from hostPort: UInt16, to destination: Endpoint) {
    let ports = [destination.transport.number, 0, 0, 0] + Self.padded(destination.port) + Self.padded(hostPort)
    self.init(
      set: OnDemandChain.masqueradeName(destination.address.family, source.length),
      key: destination.address.bytes + ports + source.address.bytes)
  }

  private static func transport(_ port: HostPort) -> [UInt8] { [port.transport.number, 0, 0, 0] }

  fileprivate static func padded(_ port: UInt16) -> [UInt8] { [UInt8(port >> 8), UInt8(port & 0xff), 0, 0] }

  /// The elements of rank 0 for the host ports of some elements; one exists if any mapping waits for the port.
  static func firstWaiting(for ids: [Element.ID]) -> [Element.ID] {
    ids.compactMap { id in id.hostPort.map { Element.ID($0, rank: 0) } }
  }

  /// Whether the element waits for a host port.
  var isWaiting: Bool { Feature.served(byWaiting: set) != nil }

  /// Whether the element is computed from a ``PortQueue``: a mapping, or its port in a set of conditions.
  var isQueued: Bool { hostPort != nil || OnDemandChain.conditions(named: set) != nil }

  /// The host port of a mapping that serves or waits; nil for elements of other sets.
  var hostPort: HostPort? {
    let served = Feature.served(byWaiting: set)
    guard let map = Self.portMaps.first(where: { $0.name == served ?? set[...] }) else { return nil }
    var key = key[...]
    if served != nil {
      // In the key of a waiting mapping the port comes before the protocol.
      key = (key.dropLast(12) + key.dropLast(4).suffix(4) + key.dropLast(8).suffix(4))[...]
    }
    if !map.hasAddress { return Self.hostPort(map.family, nil, key) }
    let length = map.family.bits / 8
    return Self.hostPort(map.family, IPAddress(bytes: Array(key.prefix(length))), key.dropFirst(length))
  }

  /// The maps of host ports; computed once, because many IDs are compared with them.
  private static let portMaps = AddressFamily.allCases.flatMap { family in
    [
      (name: Feature.hostPorts(family).name[...], family: family, hasAddress: false),
      (name: Feature.hostAddressPorts(family).name[...], family: family, hasAddress: true),
    ]
  }

  private static func hostPort(
    _ family: AddressFamily, _ address: IPAddress?, _ key: ArraySlice<UInt8>
  ) -> HostPort? {
    let bytes = Array(key)
    guard bytes.count == 8, let transport = TransportProtocol.allCases.first(where: { $0.number == bytes[0] }) else {
      return nil
    }
    let port = UInt16(bytes[4]) << 8 | UInt16(bytes[5])
    return HostPort(family: family, transport: transport, port: port, address: address)
  }
}

extension Feature {
  /// The map that a host port's element belongs in.
  static func map(of port: HostPort) -> NamedSet {
    port.address == nil ? hostPorts(port.family) : hostAddressPorts(port.family)
  }
}

// MARK: - Reading the elements of portmap

extension Element {
  /// The container's address and port that a mapping leads to; nil for elements of other sets.
  var destination: Endpoint? {
    guard let port = id.hostPort else { return nil }
    let length = port.family.bits / 8
    guard data.count >= length + 2, let address = IPAddress(bytes: Array(data.prefix(length))) else { return nil }
    return Endpoint(
      address: address, transport: port.transport, port: UInt16(data[length]) << 8 | UInt16(data[length + 1]))
  }

  /// The forward of a mapping, without its conditions and masqueraded sources; nil for elements of other sets.
  var forward: PortForward? {
    guard let port = id.hostPort, let destination else { return nil }
    return PortForward(port: port.port, on: port.address, to: destination, if: nil)
  }

  /// The elements that the attachment may have along with this mapping, given the names of the table's chains.
  func companions(among chains: [String]) -> [Element.ID] {
    guard let port = id.hostPort, let destination else { return [] }
    var ids: [Element.ID] = []
    for case (port.family, let length)? in chains.map({ OnDemandChain.masquerade(named: $0) }) {
      let sources = [Prefix(destination.address, length: length), length == Prefix.loopback4.length ? .loopback4 : nil]
      for source in Set(sources.compactMap { $0?.network }) where source.family == port.family {
        ids.append(Element.ID(masquerading: source, from: port.port, to: destination))
      }
    }
    if let conditions = comment?.note, !conditions.isEmpty, !id.isWaiting {
      ids.append(Element.ID(port, in: conditions))
    }
    return ids
  }
}
