// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI
import NFTables
import Rules

/// The attachments that claim a host port: the one that it leads to, and those that wait to get it back. Each claim is an
/// element:
///
/// ```
/// map hostports4         { tcp . 8080 : 10.22.0.7 . 80 comment "net/c3/eth0" }       has the port
/// map waiting_hostports4 { 8080 . tcp . 0 : 10.22.0.5 . 80 comment "net/c1/eth0",    has waited longest
///                          8080 . tcp . 1 : 10.22.0.6 . 80 comment "net/c2/eth0" }   is the next
/// ```
///
/// The ranks have no gaps, so that the whole queue is read by asking for a few keys.
struct PortQueue: Equatable, Sendable {
  /// An attachment's claim to the port: an element without its ID.
  struct Claim: Equatable, Sendable {
    let data: [UInt8]
    let comment: Comment?

    init(_ element: Element) {
      data = element.data
      comment = element.comment
    }

    var owner: AttachmentTag? { comment?.owner }
  }

  let port: HostPort
  /// Nil if the port leads nowhere.
  private(set) var serving: Claim?
  /// In the order of their ranks; the last claim gets the port next.
  private(set) var waiting: [Claim]

  init(_ port: HostPort, serving: Element?, waiting: [Element]) {
    self.port = port
    self.serving = serving.map { Claim($0) }
    self.waiting = waiting.map { Claim($0) }
  }

  /// The elements of the queue, with the port's element in the set of the serving claim's conditions.
  var elements: [Element] {
    var elements = waiting.enumerated().map { rank, claim in
      Element(Element.ID(port, rank: UInt16(clamping: rank)), data: claim.data, comment: claim.comment)
    }
    if let serving {
      if let id = conditionsID, let owner = serving.owner { elements.append(Element(id, comment: Comment(owner))) }
      elements.append(Element(Element.ID(port), data: serving.data, comment: serving.comment))
    }
    return elements
  }

  /// The port's element in the set of the serving claim's conditions; nil without conditions.
  var conditionsID: Element.ID? {
    guard let conditions = serving?.comment?.note, !conditions.isEmpty else { return nil }
    return Element.ID(port, in: conditions)
  }

  /// Lets a claim serve; the one that served before becomes the next. If another attachment of the same container serves, the
  /// claim waits instead, behind the claims of this container that are the next.
  mutating func add(_ claim: Claim) {
    let formerRank = waiting.firstIndex { $0.owner == claim.owner }
    if let serving, serving.owner != claim.owner, serving.owner?.containerID == claim.owner?.containerID {
      if let formerRank {
        waiting[formerRank] = claim
      } else {
        let siblings = waiting.reversed().prefix { $0.owner?.containerID == claim.owner?.containerID }
        waiting.insert(claim, at: waiting.count - siblings.count)
      }
      return
    }
    if let formerRank { waiting.remove(at: formerRank) }
    if let serving, serving.owner != claim.owner { waiting.append(serving) }
    serving = claim
  }

  /// Removes the claims of some owners; if the serving one is among them, the next claim serves.
  mutating func remove(_ isOwned: (AttachmentTag) -> Bool) {
    waiting.removeAll { $0.owner.map(isOwned) ?? false }
    if let owner = serving?.owner, isOwned(owner) { serving = nil }
    if serving == nil { serving = waiting.popLast() }
  }

  /// Lets the serving claim wait as the next, so that the port leads nowhere.
  mutating func suspend() {
    if let serving { waiting.append(serving) }
    serving = nil
  }

  /// Restores an owner's claim in the queue as it was before a change. If others have changed the queue since, the claim waits
  /// behind those that it waited for then.
  mutating func restore(_ owner: AttachmentTag, from before: PortQueue, _ after: PortQueue) {
    if self == after {
      self = before
      return
    }
    remove { $0 == owner }
    let former = before.waiting + [before.serving].compactMap { $0 }
    guard let rank = former.firstIndex(where: { $0.owner == owner }) else { return }
    let preceding = former[(rank + 1)...].map(\.owner)
    var all = waiting + [serving].compactMap { $0 }
    all.insert(former[rank], at: all.firstIndex { preceding.contains($0.owner) } ?? all.count)
    serving = all.popLast()
    waiting = all
  }
}
