// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import NFTables
import Netlink
import Rules

/// The elements that one attempt at a change has read so far.
struct Reading: Sendable {
  private(set) var asked: ElementIDs
  private(set) var elements: StoredElements

  init(_ asked: ElementIDs = ElementIDs([]), _ elements: StoredElements = StoredElements([])) {
    self.asked = asked
    self.elements = elements
  }

  /// Reads elements that were not asked for yet.
  mutating func look(at ids: [Element.ID], _ session: borrowing Session) throws(NetlinkError) {
    let new = ElementIDs(ids).subtracting(asked)
    if new.list.isEmpty { return }
    elements = StoredElements(elements.values + (try session.read(elements: new.list).elements.values))
    asked = asked.union(new.list)
  }

  /// Reads the queues of host ports.
  mutating func queues(of ports: [HostPort], _ session: borrowing Session) throws(NetlinkError) -> [PortQueue] {
    try look(at: ports.flatMap { [Element.ID($0), Element.ID($0, rank: 0)] }, session)
    var rest = ports.filter { elements[Element.ID($0, rank: 0)] != nil }
    var ranks: Range<UInt16> = 1..<8
    while !rest.isEmpty {
      try look(at: rest.flatMap { port in ranks.map { Element.ID(port, rank: $0) } }, session)
      let last = ranks.upperBound - 1
      rest = last > .max / 2 ? [] : rest.filter { elements[Element.ID($0, rank: last)] != nil }
      ranks = ranks.upperBound..<ranks.upperBound * 2
    }
    return ports.map { port in
      var waiting: [Element] = []
      while let next = elements[Element.ID(port, rank: UInt16(clamping: waiting.count))], waiting.count <= UInt16.max {
        waiting.append(next.element)
      }
      return PortQueue(port, serving: elements[Element.ID(port)]?.element, waiting: waiting)
    }
  }

  /// Whether an element of a queue is about to expire.
  func isExpiring(_ queue: PortQueue) -> Bool { queue.elements.contains { elements[$0.id].map { !$0.stays } ?? false } }
}
