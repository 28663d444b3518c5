// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import NFTables
import CNI
import Rules

extension AttachmentElements {
  /// The elements of a request to filter forwarded packets.
  init(_ request: ForwardFilterRequest) {
    self.init(of: request.attachment, in: .firewall, usesLegacyTables: request.usesLegacyTables) { elements in
      for accept in request.accepts { elements.add(Element.ID(accept), note: accept.note) }
      for isolation in request.isolations { elements.add(isolation) }
      for restriction in request.restrictions { elements.add(restriction) }
      for source in request.untracked { elements.add(source, .tracked) }
      for port in request.recordedPorts { elements.add(Element.ID(bridgePort: port)) }
      if let bit = request.acceptMarkBit {
        for chain in OnDemandChain.marking(bit: bit) { elements.need(chain.name) { chain } }
      }
    }
  }

  private mutating func add(_ isolation: Isolation) {
    let isIsolated = isolation.kind == .isolated
    for set in isIsolated ? [Feature.bridges, Feature.isolatedBridges] : [Feature.bridges] {
      add(isolation.bridge, to: set)
    }
    if let port = isolation.port { add(Element.ID(bridgePort: port), note: isIsolated ? Element.isolatedNote : "") }
  }

  private mutating func add(_ restriction: Restriction) {
    let denied = restriction.denied
    let name = OnDemandChain.deniedName(denied.family, OnDemandChain.deniedID(denied))
    add(restriction.source, .denied(by: name))
    need(name) { .denied(denied) }
  }

  private mutating func add(_ source: PacketSource, _ sets: SourceSets) {
    switch source {
    case .address(let address): add(Element.ID(set: sets.addresses(address.family), key: address.bytes))
    case .veth(let name): add(Element.ID(set: sets.veths.name, key: SharedElement.key(name)))
    case .bridge(let name): add(name, to: sets.bridges)
    }
  }
}

/// The sets by which a container's packets are recognized: of addresses, of veths, or of bridges.
private struct SourceSets {
  let addresses: (AddressFamily) -> String
  let veths: NamedSet
  let bridges: NamedSet

  static var tracked: SourceSets {
    SourceSets(
      addresses: { Feature.tracked($0).name }, veths: Feature.trackedVeths, bridges: Feature.trackedBridges)
  }

  static func denied(by chain: String) -> SourceSets {
    SourceSets(
      addresses: { _ in chain }, veths: OnDemandChain.deniedVeths(chain), bridges: OnDemandChain.deniedBridges(chain))
  }
}

extension Element.ID {
  init(_ accept: ForwardAccept) { self.init(accepted: accept.address) }

  /// The element that accepts the packets of an address.
  init(accepted address: IPAddress) {
    self.init(set: Feature.containers(address.family).name, key: address.bytes)
  }

  /// The record of a bridge port.
  init(bridgePort name: String) { self.init(set: Feature.bridgePorts.name, key: SharedElement.key(name)) }
}

extension ForwardAccept {
  /// The zone for the element's comment, shortened to the little room that is left there.
  fileprivate var note: String { zone.map { shortened($0, to: Self.zoneLimit) } ?? "" }
}

// MARK: - Reading the elements of firewall

extension Element {
  /// The accept that the element encodes; nil for elements of other sets.
  var accept: ForwardAccept? {
    guard
      AddressFamily.allCases.contains(where: { Feature.containers($0).name == id.set }),
      let address = IPAddress(bytes: id.key)
    else { return nil }
    let zone = comment?.note ?? ""
    return ForwardAccept(address, zone: zone.isEmpty ? nil : String(zone))
  }

  /// The bridge port that an element records; nil for elements of other sets.
  var recordedPort: RecordedPort? {
    guard id.set == Feature.bridgePorts.name else { return nil }
    return RecordedPort(name: id.key[...].text, isIsolated: comment?.note == Self.isolatedNote[...])
  }

  fileprivate static let isolatedNote = "isolated"
}

extension [Element] {
  var accepts: [ForwardAccept] { compactMap(\.accept) }
  var recordedPorts: [RecordedPort] { compactMap(\.recordedPort) }

  /// The isolation that the attachment of these elements has asked for; nil if none.
  var isolation: Isolation? {
    for (set, kind) in [(Feature.isolatedBridges, Isolation.Kind.isolated), (Feature.bridges, .sameBridge)] {
      let member = first { SharedElement.isMember($0, of: set) }
      if let bridge = member?.comment?.note { return Isolation(bridge: String(bridge), kind) }
    }
    return nil
  }
}
