// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI
import NFTables
import Netlink
import Rules

/// What becomes of the queues of some host ports, and the elements that it takes.
struct QueueChange: Sendable {
  var queues: [(before: PortQueue, after: PortQueue)] = []
  var removed: [Element] = []
  var added: [Element] = []
  var takeovers: [Takeover] = []

  /// Whether the elements hold together only as long as nobody else changes any: who waits needs one that serves.
  var hasWaiting: Bool { added.contains { Layout.isWaiting($0.id) } }
}

/// What one attempt at a change has read of elements so far.
struct Reading: Sendable {
  private(set) var asked: ElementIDs
  private(set) var elements: StoredElements

  init(_ asked: ElementIDs = ElementIDs([]), _ elements: StoredElements = StoredElements([])) {
    self.asked = asked
    self.elements = elements
  }

  /// Reads places that were not asked for yet.
  mutating func look(at places: [Element.ID], _ session: borrowing Session) throws(NetlinkError) {
    let new = ElementIDs(places).subtracting(asked)
    if new.list.isEmpty { return }
    elements = StoredElements(elements.values + (try session.read(elements: new.list).elements.values))
    asked = asked.union(new.list)
  }

  /// Reads the queues of host ports.
  mutating func queues(of ports: [HostPort], _ session: borrowing Session) throws(NetlinkError) -> [PortQueue] {
    try look(at: ports.flatMap { [Layout.place($0), Layout.place($0, rank: 0)] }, session)
    var rest = ports.filter { elements[Layout.place($0, rank: 0)] != nil }
    var ranks: Range<UInt16> = 1..<8
    while !rest.isEmpty {
      try look(at: rest.flatMap { port in ranks.map { Layout.place(port, rank: $0) } }, session)
      let last = ranks.upperBound - 1
      rest = last > .max / 2 ? [] : rest.filter { elements[Layout.place($0, rank: last)] != nil }
      ranks = ranks.upperBound..<ranks.upperBound * 2
    }
    return ports.map { port in
      var waiting: [Element] = []
      while let next = elements[Layout.place(port, rank: UInt16(clamping: waiting.count))], waiting.count <= last {
        waiting.append(next.element)
      }
      return PortQueue(port, serving: elements[Layout.place(port)]?.element, waiting: waiting)
    }
  }

  private var last: Int { Int(UInt16.max) }

  /// Whether an element of a queue is about to expire.
  func isTransient(_ queue: PortQueue) -> Bool { queue.elements.contains { elements[$0.id]?.timeout != nil } }
}

extension NFTablesBackend {
  /// Lets an owner claim host ports, and give up those of other places.
  func claim(
    _ layout: Layout, givingUp others: [Element.ID], _ onConflict: ConflictPolicy, _ reading: inout Reading,
    _ session: borrowing Session
  ) throws(NetlinkError) -> Attempt<QueueChange> {
    let claims = layout.elements.filter { Layout.hostPort($0.id) != nil }
    let wanted = ElementIDs(claims.map(\.id))
    let given = ElementIDs(others.compactMap { Layout.hostPort($0).map { Layout.place($0) } }).subtracting(wanted)
    let ports = (claims.map(\.id) + given.list).compactMap { Layout.hostPort($0) }
    var change = QueueChange()
    for (index, before) in try reading.queues(of: ports, session).enumerated() {
      if reading.isTransient(before) { return .again }
      var after = before
      if index < claims.count {
        let stored = reading.elements[Layout.place(before.port)]?.element
        let takeover = stored.flatMap { Self.takeover(of: $0, by: layout.owner) }
        if onConflict == .error, let takeover { return .refused(conflict(takeover)) }
        after.add(PortQueue.Claim(claims[index]))
        if after.serving?.owner == layout.owner, let takeover { change.takeovers.append(takeover) }
      } else {
        after.remove { $0 == layout.owner }
      }
      change.queues.append((before, after))
    }
    return try complete(&change, &reading, session)
  }

  /// Takes away what some owners claim of host ports; who waited for these gets them.
  func withdraw(
    _ isOwned: (AttachmentTag) -> Bool, from ports: [HostPort], _ reading: inout Reading, _ session: borrowing Session
  ) throws(NetlinkError) -> Attempt<QueueChange> {
    var change = QueueChange()
    for before in try reading.queues(of: ports, session) {
      var after = before
      after.remove(isOwned)
      if after == before { continue }
      if !before.waiting.isEmpty, reading.isTransient(before) { return .again }
      change.queues.append((before, after))
    }
    try suspendUnconditional(&change, session)
    return try complete(&change, &reading, session)
  }

  /// Gives an owner back what it claimed before a change.
  func restore(
    _ owner: AttachmentTag, _ former: [(before: PortQueue, after: PortQueue)], _ session: borrowing Session
  ) throws(NetlinkError) -> Attempt<QueueChange> {
    var reading = Reading()
    var change = QueueChange()
    for (index, before) in try reading.queues(of: former.map(\.before.port), session).enumerated() {
      if reading.isTransient(before) { return .again }
      var after = before
      after.restore(owner, from: former[index].before, former[index].after)
      change.queues.append((before, after))
    }
    try suspendUnconditional(&change, session)
    return try complete(&change, &reading, session)
  }

  /// Who would get a port under conditions that the table has no more keeps waiting: else it would be open for all.
  private func suspendUnconditional(
    _ change: inout QueueChange, _ session: borrowing Session
  ) throws(NetlinkError) {
    let needed = change.queues.map { $0.after.serving == $0.before.serving ? nil : $0.after.conditionsPlace?.set }
    if needed.allSatisfy({ $0 == nil }) { return }
    let present = try session.read(sets: needed.compactMap { $0 }, elements: []).sets
    for (index, set) in needed.enumerated() {
      if let set, !present.contains(set) { change.queues[index].after.suspend() }
    }
  }

  /// Finds the elements that the queues differ by.
  private func complete(
    _ change: inout QueueChange, _ reading: inout Reading, _ session: borrowing Session
  ) throws(NetlinkError) -> Attempt<QueueChange> {
    let wanted = change.queues.flatMap(\.after.elements)
    let places = ElementIDs(wanted.map(\.id) + change.queues.flatMap(\.before.elements).map(\.id))
    try reading.look(at: places.list, session)
    let wantedPlaces = ElementIDs(wanted.map(\.id))
    change.removed = places.subtracting(wantedPlaces).list.compactMap { reading.elements[$0]?.element }
    for element in wanted {
      let stored = reading.elements[element.id]
      if let stored, stored.timeout != nil { return .again }
      if stored?.element == element { continue }
      if let stored { change.removed.append(stored.element) }
      change.added.append(element)
    }
    return .done(change)
  }

  /// The places among these whose host port another attachment of the same container has, behind which the owner waits as it
  /// should, with those of their conditions.
  func waitingPlaces(
    _ layout: Layout, _ elements: StoredElements, _ session: borrowing Session
  ) throws(NetlinkError) -> ElementIDs {
    let behind = layout.elements.filter { element in
      guard Layout.hostPort(element.id) != nil, let owner = elements[element.id]?.element.comment?.owner else {
        return false
      }
      return owner != layout.owner && owner.containerID == layout.owner.containerID
    }
    if behind.isEmpty { return ElementIDs([]) }
    var reading = Reading()
    var excused: [Element.ID] = []
    let queues = try reading.queues(of: behind.compactMap { Layout.hostPort($0.id) }, session)
    for (element, queue) in zip(behind, queues) where queue.waiting.contains(PortQueue.Claim(element)) {
      excused.append(element.id)
      let served = PortQueue(queue.port, serving: element, waiting: [])
      if let place = served.conditionsPlace { excused.append(place) }
    }
    return ElementIDs(excused)
  }
}

extension Layout {
  /// Whether an element at this place follows from a queue.
  static func isQueued(_ place: Element.ID) -> Bool {
    hostPort(place) != nil || Branch.conditions(named: place.set) != nil
  }
}
