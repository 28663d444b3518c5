// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI
import NFTables
import Netlink
import OS
import Rules

/// The removal of some attachments' elements, which may take several batches.
struct Removal {
  let action: String
  /// The attachment whose rules from upstream's plugin are removed too; nil if there are several attachments.
  var attachment: Attachment?
  let isOwned: (AttachmentTag) -> Bool
  /// The elements that were removed, also by an attempt that failed afterwards. Two attempts may have removed different elements
  /// of one ID; both are here.
  var removed: [Element] = []
  /// The requested IDs for which the owners have no element.
  var missing = ElementIDs([])
  var deletesForReal: Bool
  /// The rules that follow the removal of one attachment.
  var companion: (any BatchCompanion)?
  /// What the attachment may have had, including what upstream's plugin has added without a record.
  var hint: AttachmentElements?
}

extension ElementStore {
  /// Removes all elements of an attachment, and makes the rules of a companion follow in the same batch. Throws `notAvailable`
  /// where the kernel has no nf_tables.
  func remove(
    _ hint: AttachmentElements, ports: [HostPort] = [], joining companion: (any BatchCompanion)? = nil
  ) throws(CNIError) -> Removal {
    let (attachment, tag) = (hint.attachment, hint.tag)
    let shared = companion == nil ? [] : hint.shared.map(\.element.id)
    let own = hint.elements.map(\.id) + ports.map { Element.ID($0) } + [hint.record]
    let ids = ElementIDs(own + shared)
    var removal = Removal(
      action: "remove the rules of \(attachment)", attachment: attachment, isOwned: { $0 == tag },
      deletesForReal: expiry == 0, companion: companion, hint: hint)
    let isAll = try expire(ids, &removal) { (found, session) throws(NetlinkError) in
      try self.completed(found, hint, session)
    }
    if !isAll {
      // This search comes before the change is computed: it takes so long that on a busy host the generation would have passed.
      let all = try Self.transaction(removal.action) { (session) throws(NetlinkError) in
        .success(try session.allElements(of: self.feature, tag.text) { $0.owner == tag })
      }
      _ = try expire(ids.union(all.map(\.id)), &removal) { (found, _) in found }
    }
    return removal
  }

  /// All elements of an attachment, and the IDs of the hint for which there is no element. `better` is a hint to try before all sets are
  /// read.
  func elements(
    _ hint: AttachmentElements, orBy better: () -> AttachmentElements?
  ) throws(CNIError) -> (own: [Element], free: ElementIDs) {
    let tag = hint.tag
    return try Self.transaction("look for the rules of \(hint.attachment)") { (session) throws(NetlinkError) in
      var (all, free) = try self.elements(by: hint, session)
      if all == nil, let better = better() { (all, free) = try self.elements(by: better, session) }
      if let all { return .success((all, free)) }
      return .success((try session.allElements(of: self.feature, tag.text) { $0.owner == tag }, free))
    }
  }

  /// The same by the hint alone, or nil if the attachment must have others.
  private func elements(
    by hint: AttachmentElements, _ session: borrowing Session
  ) throws(NetlinkError) -> (own: [Element]?, free: ElementIDs) {
    let hinted = ElementIDs(hint.elements.map(\.id))
    let stored = try session.read(elements: hinted.union([hint.record]).list).elements
    let found = stored.values.filter { $0.stays && $0.element.owner == hint.tag }
    return (try completed(found.map(\.element), hint, session), hinted.subtracting(stored.ids))
  }

  /// Removes the owned elements among these IDs, or instead what `complete` returns for them; if that is nil, changes nothing and
  /// returns false.
  func expire(
    _ ids: ElementIDs, _ removal: inout Removal,
    complete: ([Element], borrowing Session) throws(NetlinkError) -> [Element]?
  ) throws(CNIError) -> Bool {
    var state = removal
    defer { removal = state }
    return try Self.transaction(removal.action, removal.companion) { (session) throws(NetlinkError) in
      // A claim that waits has another element than the one that serves: both are read.
      let asked = ids.union(ids.list.compactMap { $0.hostPort.map { Element.ID($0) } })
      let all = asked.union(Element.ID.firstWaiting(for: asked.list))
      let upstreamTables = state.attachment == nil ? [] : self.feature.upstreamTables
      let companionTables = state.companion?.tables ?? []
      let snapshot = try session.read(elements: all.list, tables: upstreamTables + companionTables)
      var reading = Reading(all, snapshot.elements)
      let ports = asked.list.filter { !$0.isWaiting }.compactMap(\.hostPort)
      let claims = try Self.withdraw(state.isOwned, from: ports, &reading, session)
      let found = reading.elements.values.filter { $0.stays && $0.element.owner.map(state.isOwned) ?? false }
      guard let elements = try complete(found.map(\.element), session) else { return .success(false) }
      let orphans = try self.orphans(of: elements, session)
      let removed = (elements + claims.removed).uniqueByID.filter { !orphans.sets.contains($0.id.set) }
      // An element that another attachment gets by the same batch cannot expire first.
      let replaced = ElementIDs(claims.added.map(\.id))
      let gone = removed + orphans.elements
      let expiring = state.deletesForReal ? [] : gone.filter { !replaced.contains($0.id) }
      let deleted = state.deletesForReal ? gone : gone.filter { replaced.contains($0.id) }
      var messages =
        Table.own.expire(expiring, in: self.expiry) + Table.own.delete(deleted)
        + Table.own.add(claims.added, exclusively: true) + orphans.sets.map { Table.own.delete(set: $0) }
      if let attachment = state.attachment {
        let present = upstreamTables.filter { snapshot.tables.contains($0) }
        messages += try session.deletions(of: attachment, for: self.feature, in: present)
      }
      if let hint = state.hint, let companion = state.companion {
        var change = RecordChange(removing: elements, orphans.elements, of: hint.attachment)
        change.missingTables = companionTables.filter { !snapshot.tables.contains($0) }
        change.release(hint) { snapshot.elements[$0].map { !$0.stays } ?? true }
        switch try companion.messages(for: change) {
        case .failure(let error): return .failure(error)
        case .success(let more): messages += more
        }
      }
      if !messages.isEmpty { try session.commit(messages, generation: snapshot.generation) }
      state.missing = ids.subtracting(ElementIDs(found.map(\.element.id)))
      state.removed += elements
      // A kernel that cannot change an element's timeout ignores the new one without an error.
      if let last = expiring.last?.id, try session.stays(last) {
        state.deletesForReal = true
        throw .expiring
      }
      // The caller removes the flows to these ports next, and after that no packet may begin a new one.
      let connectionless = expiring.filter { $0.id.hostPort.map { $0.transport != .tcp } ?? false }
      try session.wait(untilGone: connectionless.map(\.id))
      return .success(true)
    }
  }

  /// All elements of an attachment, given those that were found by the hint; nil if the record does not confirm that they are
  /// all.
  private func completed(
    _ hinted: [Element], _ hint: AttachmentElements, _ session: borrowing Session
  ) throws(NetlinkError) -> [Element]? {
    var found = hinted
    let record = found.first { $0.id == hint.record }
    func isAll() -> Bool {
      record == nil ? found.isEmpty : record?.recordedCount == found.recordedCount - 1
    }
    if isAll() { return found }
    let chains = try session.chains().map(\.name)
    let companions = ElementIDs(found.flatMap { $0.companions(among: chains) })
      .subtracting(ElementIDs(found.map(\.id)))
    let stored = try session.read(elements: companions.list).elements.values
    found += stored.filter { $0.stays && $0.element.owner == hint.tag }.map(\.element)
    return isAll() ? found : nil
  }
}

extension Session {
  /// Waits until these elements have expired, for about 50 ms at most.
  fileprivate func wait(untilGone ids: [Element.ID]) throws(NetlinkError) {
    if ids.isEmpty { return }
    for _ in 0..<100 {
      if try !read(elements: ids).elements.values.contains(where: { !$0.stays }) { return }
      pause(microseconds: 500)
    }
  }
}
