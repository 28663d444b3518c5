// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI
import NFTables
import Rules

/// Who wants a host port: the one that it leads to, and those that it led to before and may again. All of them are elements:
///
/// ```
/// map hostports4         { tcp . 8080 : 10.22.0.7 . 80 comment "net/c3/eth0" }       has the port
/// map waiting_hostports4 { 8080 . tcp . 0 : 10.22.0.5 . 80 comment "net/c1/eth0",    has waited longest
///                          8080 . tcp . 1 : 10.22.0.6 . 80 comment "net/c2/eth0" }   is the next
/// ```
///
/// The ranks have no gaps, so that whether anybody waits, and who, is known by asking for a few keys.
struct PortQueue: Equatable, Sendable {
  /// An element without its ID.
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
  /// By rank: the last is the next.
  private(set) var waiting: [Claim]

  init(_ port: HostPort, serving: Element?, waiting: [Element]) {
    self.port = port
    self.serving = serving.map { Claim($0) }
    self.waiting = waiting.map { Claim($0) }
  }

  /// The elements that say so, with the one in the set of conditions of who has the port.
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

  /// The element in the set of the conditions under which the port leads somewhere; nil without conditions.
  var conditionsID: Element.ID? {
    guard let conditions = serving?.comment?.note, !conditions.isEmpty else { return nil }
    return Element.ID(port, in: conditions)
  }

  /// Gives the port to who claims it, unless another attachment of the same container has it: then the claim waits behind this
  /// and all of its that wait behind it. Who had the port is the next to get it.
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

  /// Takes away what some owners claim; if nobody has the port then, who is next gets it.
  mutating func remove(_ isOwned: (AttachmentTag) -> Bool) {
    waiting.removeAll { $0.owner.map(isOwned) ?? false }
    if let owner = serving?.owner, isOwned(owner) { serving = nil }
    if serving == nil { serving = waiting.popLast() }
  }

  /// Lets who has the port wait again.
  mutating func suspend() {
    if let serving { waiting.append(serving) }
    serving = nil
  }

  /// Gives an owner back what it claimed in a queue of before: as it was if nobody else has changed anything since, else behind
  /// those that it waited for then.
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
