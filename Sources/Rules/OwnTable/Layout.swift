// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI
import Digest
import NFTables
import Rules

/// An owner's rules as elements of the table, and the branches that those need.
struct Layout: Sendable {
  let part: Part
  let owner: AttachmentTag
  /// Each at a place of its own, the attachment's last.
  private(set) var elements: [Element] = []
  private(set) var branches: [Branch] = []
  /// What the owner wants together with others.
  private(set) var shared: [SharedElement] = []

  init(_ wanted: OwnedRules, _ part: Part) {
    self.part = part
    owner = AttachmentTag(wanted.owner)
    for rule in wanted.rules {
      switch rule {
      case .forwardPort(let forward): add(forward)
      case .masquerade(let masquerade): add(masquerade)
      case .acceptForwarded(let accept): add(accept)
      case .isolate(let isolation): add(isolation, of: wanted.owner)
      case .restrict(let restriction): add(restriction, of: wanted.owner)
      case .dropInvalid(let source): add(source, Part.trackedPlaces, of: wanted.owner)
      case .recordPort(let name): add(port: name, isIsolated: false)
      case .markAccepted(let bit): for branch in Branch.marking(bit: bit) { need(branch.chain) { branch } }
      }
    }
    elements = elements.uniqueByID
    if !elements.isEmpty {
      elements.append(
        Self.attachment(
          wanted.owner, part, owning: elements.count, usesLegacyTables: wanted.usesLegacyTables))
    }
  }

  private mutating func add(_ forward: PortForward) {
    let family = forward.destination.address.family
    let place = Self.place(forward)
    var note = ""
    if let conditions = forward.conditions {
      let id = Branch.conditionsID(conditions)
      note = id
      let set = Branch.conditionsSet(family, id, hasHostAddress: forward.hostPort.address != nil)
      elements.append(Element(set, key: place.key, comment: Comment(owner)))
      need(Branch.conditionsName(family, id)) { .conditions(conditions) }
    }
    let data = forward.destination.address.bytes + Self.padded(forward.destination.port)
    elements.append(Element(place.set, key: place.key, data: data, comment: Comment(owner, note)))
  }

  private mutating func add(_ masquerade: Masquerade) {
    let family = masquerade.destination.address.family
    elements.append(Element(Self.place(masquerade), comment: Comment(owner)))
    let length = masquerade.source.length
    need(Branch.masqueradeName(family, length)) { .masquerade(family, length) }
  }

  private mutating func add(_ accept: ForwardAccept) {
    elements.append(Element(Self.place(accept), comment: Comment(owner, Self.note(accept.zone))))
  }

  private mutating func add(_ isolation: Isolation, of owner: Attachment) {
    let sets = isolation.kind == .sameBridge ? [Part.bridges] : [Part.bridges, Part.isolatedBridges]
    for set in sets { add(isolation.bridge, to: set, of: owner) }
    if let port = isolation.port { add(port: port, isIsolated: isolation.kind == .isolated) }
  }

  private mutating func add(port: String, isIsolated: Bool) {
    let comment = Comment(owner, isIsolated ? Self.isolatedNote : "")
    elements.append(Element(Part.bridgePorts.name, key: SharedElement.key(port), comment: comment))
  }

  private mutating func add(_ restriction: Restriction, of owner: Attachment) {
    let denied = restriction.denied
    let name = Branch.deniedName(denied.family, Branch.deniedID(denied))
    let places = SourceSets(
      address: { _ in name }, veths: Branch.deniedVeths(name), bridges: Branch.deniedBridges(name))
    add(restriction.source, places, of: owner)
    need(name) { .denied(denied) }
  }

  private mutating func add(_ source: PacketSource, _ sets: SourceSets, of owner: Attachment) {
    switch source {
    case .address(let address):
      elements.append(Element(sets.address(address.family), key: address.bytes, comment: Comment(self.owner)))
    case .veth(let name):
      elements.append(Element(sets.veths.name, key: SharedElement.key(name), comment: Comment(self.owner)))
    case .bridge(let name): add(name, to: sets.bridges, of: owner)
    }
  }

  /// Makes the owner a member of a bridge's element.
  private mutating func add(_ bridge: String, to set: NamedSet, of owner: Attachment) {
    let element = SharedElement(bridge: bridge, in: set)
    elements.append(Element(element.members.name, key: Self.key(owner), comment: Comment(self.owner, bridge)))
    shared.append(element)
  }

  /// Adds the branch of this name, which most rules of an owner share.
  private mutating func need(_ name: String, _ branch: () -> Branch) {
    if !branches.contains(where: { $0.chain == name }) { branches.append(branch()) }
  }
}

/// The sets in which a container's packets are known by their source.
struct SourceSets: Sendable {
  let address: @Sendable (AddressFamily) -> String
  let veths: NamedSet
  let bridges: NamedSet
}

extension Part {
  static let trackedPlaces = SourceSets(
    address: { tracked($0).name }, veths: trackedVeths, bridges: trackedBridges)
}

// MARK: - Where elements stand

extension Layout {
  /// The place of an attachment's own element.
  static func place(_ owner: Attachment, _ part: Part) -> Element.ID {
    Element.ID(set: part.attachments.name, key: key(owner))
  }

  /// An owner as the key of an element: a hash in two words, each as long as the name of an interface can be.
  private static func key(_ owner: Attachment) -> [UInt8] {
    let digits = Array(sha512("\(owner)").utf8)
    return digits[..<15] + [0] + digits[15..<30] + [0]
  }

  static func place(_ accept: ForwardAccept) -> Element.ID {
    Element.ID(set: Part.containers(accept.address.family).name, key: accept.address.bytes)
  }

  /// The element that says that an owner has so many others, and perhaps rules in legacy tables.
  static func attachment(
    _ owner: Attachment, _ part: Part, owning count: Int, usesLegacyTables: Bool = false
  ) -> Element {
    Element(place(owner, part), comment: Comment(AttachmentTag(owner), "\(count)\(usesLegacyTables ? legacyNote : "")"))
  }

  private static let legacyNote = " legacy"

  /// The elements, with the attachment's saying that it has rules in legacy tables.
  var inLegacyTables: [Element] {
    elements.map { element in
      guard element.id.set == part.attachments.name, !Self.usesLegacyTables(element) else { return element }
      return Element(element.id, comment: element.comment.map { Comment(text: $0.text + Self.legacyNote) })
    }
  }

  /// How many others the owner of an attachment's element has.
  static func count(_ attachment: Element) -> Int? { attachment.comment.flatMap { Int($0.note.prefix { $0 != " " }) } }

  /// Whether the element of an attachment says that it has rules in legacy tables.
  static func usesLegacyTables(_ attachment: Element) -> Bool {
    attachment.comment?.note.hasSuffix(legacyNote) ?? false
  }

  static func place(_ forward: PortForward) -> Element.ID { place(forward.hostPort) }

  static func place(_ host: HostPort) -> Element.ID {
    let port = [host.transport.number, 0, 0, 0] + padded(host.port)
    if let address = host.address {
      return Element.ID(set: Part.hostAddressPorts(host.family).name, key: address.bytes + port)
    }
    return Element.ID(set: Part.hostPorts(host.family).name, key: port)
  }

  /// Where an element waits for the place of a host port; the rank counts from the one that waits longest.
  static func place(_ host: HostPort, rank: UInt16) -> Element.ID {
    let map = host.address == nil ? Part.hostPorts(host.family) : Part.hostAddressPorts(host.family)
    let (port, transport) = (padded(host.port), [host.transport.number, 0, 0, 0])
    return Element.ID(
      set: Part.waiting(map).name, key: (host.address?.bytes ?? []) + port + transport + padded(rank))
  }

  static func place(_ masquerade: Masquerade) -> Element.ID {
    let destination = masquerade.destination
    let ports = [destination.transport.number, 0, 0, 0] + padded(destination.port) + padded(masquerade.hostPort)
    return Element.ID(
      set: Branch.masqueradeName(destination.address.family, masquerade.source.length),
      key: destination.address.bytes + ports + masquerade.source.address.bytes)
  }

  private static func padded(_ port: UInt16) -> [UInt8] { [UInt8(port >> 8), UInt8(port & 0xff), 0, 0] }
}

// MARK: - What elements say

extension Layout {
  /// The host port that an element of a map is for, also one that waits; nil for elements of other sets.
  static func hostPort(_ place: Element.ID) -> HostPort? {
    let served = Part.served(byWaiting: place.set)
    guard let map = portMaps.first(where: { $0.name == served ?? place.set[...] }) else { return nil }
    var key = place.key[...]
    if served != nil {
      // The port and the transport stand the other way round.
      key = (key.dropLast(12) + key.dropLast(4).suffix(4) + key.dropLast(8).suffix(4))[...]
    }
    if !map.hasAddress { return hostPort(map.family, nil, key) }
    let length = map.family.bits / 8
    return hostPort(map.family, IPAddress(bytes: Array(key.prefix(length))), key.dropFirst(length))
  }

  /// The maps of host ports. Made once, as many a place is looked at.
  private static let portMaps = AddressFamily.allCases.flatMap { family in
    [
      (name: Part.hostPorts(family).name[...], family: family, hasAddress: false),
      (name: Part.hostAddressPorts(family).name[...], family: family, hasAddress: true),
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

  /// Whether an element at this place waits for a host port.
  static func isWaiting(_ place: Element.ID) -> Bool { Part.served(byWaiting: place.set) != nil }

  /// What elements of an owner count for in its attachment's: who waits under conditions will have a place in their set.
  static func count(_ elements: [Element]) -> Int {
    elements.reduce(0) { $0 + (isWaiting($1.id) && !($1.comment?.note.isEmpty ?? true) ? 2 : 1) }
  }

  /// What a person calls an element.
  static func title(_ element: Element, _ part: Part) -> String {
    if let host = hostPort(element.id) { return "the mapping of \(host)" }
    if let accept = accept(element) { return "the accept of \(accept.address)" }
    if element.id.set == part.attachments.name { return "the record of the attachment" }
    if Branch.conditions(named: element.id.set) != nil { return "a port in set \(element.id.set)" }
    return "an element of set \(element.id.set)"
  }

  /// What somebody else may want too: a host port or a container's address. Nil for other elements.
  static func subject(_ element: Element) -> String? {
    hostPort(element.id)?.description ?? accept(element).map { "\($0.address)" }
  }

  /// Where a forwarded connection goes.
  static func destination(_ element: Element) -> Endpoint? {
    guard let host = hostPort(element.id) else { return nil }
    let length = host.family.bits / 8
    guard
      element.data.count >= length + 2, let address = IPAddress(bytes: Array(element.data.prefix(length)))
    else { return nil }
    let port = UInt16(element.data[length]) << 8 | UInt16(element.data[length + 1])
    return Endpoint(address: address, transport: host.transport, port: port)
  }

  /// The accept that an element is; nil for elements of other sets.
  static func accept(_ element: Element) -> ForwardAccept? {
    guard
      AddressFamily.allCases.contains(where: { Part.containers($0).name == element.id.set }),
      let address = IPAddress(bytes: element.id.key)
    else { return nil }
    let zone = element.comment?.note ?? ""
    return ForwardAccept(address, zone: zone.isEmpty ? nil : String(zone))
  }

  /// The bridge port that an element is; nil for elements of other sets.
  static func port(_ element: Element) -> RecordedPort? {
    guard element.id.set == Part.bridgePorts.name else { return nil }
    return RecordedPort(name: element.id.key[...].text, isIsolated: element.comment?.note == isolatedNote[...])
  }

  /// The place of a bridge port.
  static func place(ofPort name: String) -> Element.ID {
    Element.ID(set: Part.bridgePorts.name, key: SharedElement.key(name))
  }

  private static let isolatedNote = "isolated"

  /// What the owner of these elements isolates; nil if nothing.
  static func isolation(_ elements: [Element]) -> Isolation? {
    for (set, kind) in [(Part.isolatedBridges, Isolation.Kind.isolated), (Part.bridges, .sameBridge)] {
      let member = elements.first { SharedElement.shared(byMembersOf: $0.id.set, in: .firewall)?.name == set.name }
      if let bridge = member?.comment?.note { return Isolation(bridge: String(bridge), kind) }
    }
    return nil
  }

  /// A zone as it stands in a comment, where hardly any room is left.
  private static func note(_ zone: String?) -> String { zone.map { shortened($0, to: ForwardAccept.zoneLimit) } ?? "" }

  /// The forward that an element is, without its conditions; nil for elements of other sets.
  static func forward(_ element: Element) -> PortForward? {
    guard let host = hostPort(element.id), let destination = destination(element) else { return nil }
    return PortForward(port: host.port, on: host.address, to: destination, if: nil)
  }

  /// The places at which an element that forwards a port may have companions of the same owner, given the table's
  /// chains.
  static func companions(_ element: Element, chains: [String]) -> [Element.ID] {
    guard let host = hostPort(element.id), let destination = destination(element) else { return [] }
    var places: [Element.ID] = []
    for case (host.family, let length)? in chains.map({ Branch.masquerade(named: $0) }) {
      let sources = [Prefix(destination.address, length: length), length == Prefix.loopback4.length ? .loopback4 : nil]
      for source in Set(sources.compactMap { $0 }) where source.family == host.family {
        places.append(place(Masquerade(hostPort: host.port, destination: destination, source: source)))
      }
    }
    if let id = element.comment?.note, !id.isEmpty, !isWaiting(element.id) {
      let set = Branch.conditionsSet(host.family, id, hasHostAddress: host.address != nil)
      places.append(Element.ID(set: set, key: element.id.key))
    }
    return places
  }
}
