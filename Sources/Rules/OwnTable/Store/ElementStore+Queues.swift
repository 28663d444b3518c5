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
  var hasWaiting: Bool { added.contains { $0.id.isWaiting } }
}

extension ElementStore {
  /// Lets an attachment claim host ports, and give up those of other elements. All that it takes over is among the takeovers.
  static func claim(
    _ wanted: AttachmentElements, givingUp others: [Element.ID], _ reading: inout Reading, _ session: borrowing Session
  ) throws(NetlinkError) -> QueueChange {
    let claims = wanted.elements.filter { $0.id.hostPort != nil }
    let claimed = ElementIDs(claims.map(\.id))
    let given = ElementIDs(others.compactMap { $0.hostPort.map { Element.ID($0) } }).subtracting(claimed)
    let ports = (claims.map(\.id) + given.list).compactMap(\.hostPort)
    var change = QueueChange()
    for (index, before) in try reading.queues(of: ports, session).enumerated() {
      if reading.isExpiring(before) { throw .expiring }
      var after = before
      if index < claims.count {
        let takeover = reading.elements[Element.ID(before.port)]?.element.takeover(by: wanted.tag)
        after.add(PortQueue.Claim(claims[index]))
        if after.serving?.owner == wanted.tag, let takeover { change.takeovers.append(takeover) }
      } else {
        after.remove { $0 == wanted.tag }
      }
      change.queues.append((before, after))
    }
    return try completed(change, &reading, session)
  }

  /// The first of what an attachment claims that another has, also of the same container.
  static func conflict(_ wanted: AttachmentElements, _ reading: Reading) -> Takeover? {
    for element in wanted.elements where element.id.hostPort != nil {
      if let takeover = reading.elements[element.id]?.element.takeover(by: wanted.tag) { return takeover }
    }
    return nil
  }

  /// Takes away what some attachments claim of host ports; who waited for these gets them.
  static func withdraw(
    _ isOwned: (AttachmentTag) -> Bool, from ports: [HostPort], _ reading: inout Reading, _ session: borrowing Session
  ) throws(NetlinkError) -> QueueChange {
    var change = QueueChange()
    for before in try reading.queues(of: ports, session) {
      var after = before
      after.remove(isOwned)
      if after == before { continue }
      if !before.waiting.isEmpty, reading.isExpiring(before) { throw .expiring }
      change.queues.append((before, after))
    }
    try suspendUnconditional(&change, session)
    return try completed(change, &reading, session)
  }

  /// Gives an attachment back what it claimed before a change.
  static func restore(
    _ owner: AttachmentTag, _ former: [(before: PortQueue, after: PortQueue)], _ session: borrowing Session
  ) throws(NetlinkError) -> QueueChange {
    var reading = Reading()
    var change = QueueChange()
    for (index, before) in try reading.queues(of: former.map(\.before.port), session).enumerated() {
      if reading.isExpiring(before) { throw .expiring }
      var after = before
      after.restore(owner, from: former[index].before, former[index].after)
      change.queues.append((before, after))
    }
    try suspendUnconditional(&change, session)
    return try completed(change, &reading, session)
  }

  /// Who would get a port under conditions that the table has no more keeps waiting: else it would be open for all.
  private static func suspendUnconditional(
    _ change: inout QueueChange, _ session: borrowing Session
  ) throws(NetlinkError) {
    let needed = change.queues.map { $0.after.serving == $0.before.serving ? nil : $0.after.conditionsID?.set }
    if needed.allSatisfy({ $0 == nil }) { return }
    let present = try session.read(sets: needed.compactMap { $0 }, elements: []).sets
    for (index, set) in needed.enumerated() {
      if let set, !present.contains(set) { change.queues[index].after.suspend() }
    }
  }

  /// Adds the elements that the queues differ by.
  private static func completed(
    _ change: QueueChange, _ reading: inout Reading, _ session: borrowing Session
  ) throws(NetlinkError) -> QueueChange {
    var change = change
    let wanted = change.queues.flatMap(\.after.elements)
    let all = ElementIDs(wanted.map(\.id) + change.queues.flatMap(\.before.elements).map(\.id))
    try reading.look(at: all.list, session)
    let unwanted = all.subtracting(ElementIDs(wanted.map(\.id)))
    change.removed = unwanted.list.compactMap { reading.elements[$0]?.element }
    for element in wanted {
      let stored = reading.elements[element.id]
      if let stored, !stored.stays { throw .expiring }
      if stored?.element == element { continue }
      if let stored { change.removed.append(stored.element) }
      change.added.append(element)
    }
    return change
  }

  /// The wanted elements whose host port another attachment of the same container has, behind which this one waits as it
  /// should, with those of their conditions.
  static func waiting(
    _ wanted: AttachmentElements, _ elements: StoredElements, _ session: borrowing Session
  ) throws(NetlinkError) -> ElementIDs {
    let behind = wanted.elements.filter { element in
      guard element.id.hostPort != nil, let owner = elements[element.id]?.element.owner else { return false }
      return owner != wanted.tag && owner.containerID == wanted.tag.containerID
    }
    if behind.isEmpty { return ElementIDs([]) }
    var reading = Reading()
    var excused: [Element.ID] = []
    let queues = try reading.queues(of: behind.compactMap(\.id.hostPort), session)
    for (element, queue) in zip(behind, queues) where queue.waiting.contains(PortQueue.Claim(element)) {
      excused.append(element.id)
      let served = PortQueue(queue.port, serving: element, waiting: [])
      if let id = served.conditionsID { excused.append(id) }
    }
    return ElementIDs(excused)
  }
}

extension Element {
  /// What of another attachment the element is, if one attachment wants to have it; nil if there is nothing to want.
  func takeover(by owner: AttachmentTag) -> Takeover? {
    guard self.owner != owner, let subject else { return nil }
    return Takeover(of: subject, previous: self.owner?.text ?? "somebody unknown")
  }
}
