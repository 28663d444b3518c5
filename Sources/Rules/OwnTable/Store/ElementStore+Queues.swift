// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI
import NFTables
import Netlink
import Rules

/// A change of the queues of some host ports, with the elements that it removes and adds.
struct QueueChange: Sendable {
  var queues: [(before: PortQueue, after: PortQueue)] = []
  var removed: [Element] = []
  var added: [Element] = []
  var takeovers: [Takeover] = []

  /// Whether a waiting mapping is added, which is right only as long as another one serves the port.
  var hasWaiting: Bool { added.contains { $0.id.isWaiting } }
}

extension ElementStore {
  /// The change by which an attachment claims its host ports, and gives up those of `others`; its takeovers are those of claimed
  /// ports.
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

  /// The first host port that the attachment claims and another one has, also one of the same container.
  static func conflict(_ wanted: AttachmentElements, _ reading: Reading) -> Takeover? {
    for element in wanted.elements where element.id.hostPort != nil {
      if let takeover = reading.elements[element.id]?.element.takeover(by: wanted.tag) { return takeover }
    }
    return nil
  }

  /// The change that removes the claims of some attachments; the mappings that waited for their ports get them.
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

  /// The change that restores an attachment's claims as they were before a former change.
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

  /// Keeps a claim waiting if the chain of its conditions is gone: without it the port would be open for all.
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

  /// Completes a change with the elements by which its queues differ.
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

  /// The wanted mappings that rightly wait behind another attachment of the same container, with their elements in the sets of
  /// their conditions.
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
  /// The takeover that happens if `owner` gets this element; nil if it has the element already, or if the element is no host port
  /// or address.
  func takeover(by owner: AttachmentTag) -> Takeover? {
    guard self.owner != owner, let subject else { return nil }
    return Takeover(of: subject, previous: self.owner?.text ?? "an unknown owner")
  }
}
