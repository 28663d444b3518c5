// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI
import NFTables
import Netlink
import Rules

/// The elements that a batch has removed from the table and added to it.
struct Change: Sendable {
  var removed: [Element] = []
  var added: [Element] = []
  /// Added elements that other attachments may share; each stays as long as it has members.
  var shared: [Element] = []
  var takeovers: [Takeover] = []
  /// The change of the host ports' queues, whose elements are not in `removed` and `added`.
  var ports = QueueChange()
  /// Whether there are tables in which upstream may have left something.
  var hasLeftovers = false
}

/// The input of an ADD, which is the same for all its attempts.
private struct Wanted {
  let elements: AttachmentElements
  /// The field of the configuration that a conflict is reported for; nil if the elements of other owners are taken over.
  let conflictField: String?
  let companion: (any BatchCompanion)?
}

extension ElementStore {
  /// Makes the attachment have exactly these elements, and the rules of a companion follow in the same batch. With
  /// `conflictField` an element of another owner is a conflict, which the error reports for that field; without, it is taken
  /// over.
  func apply(
    _ elements: AttachmentElements, conflictField: String? = nil, joining companion: (any BatchCompanion)? = nil
  ) throws(CNIError) -> AppliedChange {
    let wanted = Wanted(elements: elements, conflictField: conflictField, companion: companion)
    let attachment = elements.attachment
    var others: [Element.ID]?
    let (change, record) = try Self.transaction("apply the rules of \(attachment)", companion) {
      (session) throws(NetlinkError) in
      try self.replace(with: wanted, &others, session)
    }
    let applied = AppliedChange(takeovers: change.takeovers) { () throws(CNIError) in
      try self.undo(change, elements, companion)
    } completion: { () throws(CNIError) in
      if change.hasLeftovers { try self.removeLeftovers(of: attachment) }
    }
    try applied.including { () throws(CNIError) in try companion?.recordChanged(record) }
    return applied
  }

  /// `others` are elements that the attachment has besides the wanted ones; they are searched for when its record shows that
  /// there are some.
  private func replace(
    with desired: Wanted, _ others: inout [Element.ID]?, _ session: borrowing Session
  ) throws(NetlinkError) -> Result<(Change, RecordChange), CNIError> {
    let wanted = desired.elements
    let structure = Structure(feature, wanted.onDemand, sets: wanted.shared.map(\.members))
    let record = wanted.record
    let ids = ElementIDs(wanted.elements.map(\.id))
    let shared = wanted.shared.map(\.element)
    let asked = ids.union(
      (others ?? []) + [record] + shared.map(\.id) + Element.ID.firstWaiting(for: wanted.elements.map(\.id)))
    let snapshot = try session.read(
      chains: wanted.elements.isEmpty ? [] : structure.chains, sets: structure.sets.map(\.name), elements: asked.list,
      tables: feature.upstreamTables)

    var change = Change()
    change.hasLeftovers = !snapshot.tables.isEmpty
    var reading = Reading(asked, snapshot.elements)
    change.ports = try Self.claim(wanted, givingUp: others ?? [], &reading, session)
    change.takeovers = change.ports.takeovers
    // Rules that a former ADD has written to legacy tables stay until DEL.
    let usedLegacy = snapshot.elements[record]?.element.usesLegacyTables ?? false
    try change.put(usedLegacy ? wanted.inLegacyTables : wanted.elements, wanted.tag, over: snapshot.elements)
    if let field = desired.conflictField, let conflict = Self.conflict(wanted, reading) ?? change.takeovers.first {
      let text = "\(field): \(conflict.subject) belongs to \(conflict.previous)"
      return .failure(CNIError(.hostPortConflict, text))
    }
    for element in shared {
      guard let stored = snapshot.elements[element.id] else {
        change.shared.append(element)
        continue
      }
      if !stored.stays { throw .expiring }
    }

    let own = reading.elements.values.filter { $0.stays && $0.element.owner == wanted.tag }.map(\.element)
    if others == nil, let stored = own.first(where: { $0.id == record }) {
      let known = own.filter { (ids.contains($0.id) || $0.id.isWaiting) && $0.id != record }
      if stored.recordedCount != known.recordedCount {
        others = try session.allElements(of: feature, wanted.tag.text) { $0.owner == wanted.tag }.map(\.id)
        throw .expiring
      }
    }
    let unqueued = ElementIDs(change.ports.removed.map(\.id))
    let unwanted = own.filter { !ids.contains($0.id) && $0.id.hostPort == nil && !unqueued.contains($0.id) }
    change.removed += unwanted
    let orphans = try orphans(of: change.removed, session)
    change.removed = (change.removed + orphans.elements).uniqueByID
    let joined = change.added.map(\.id.set)
    let emptied = orphans.sets.filter { !joined.contains($0) }

    var building = wanted.elements.isEmpty ? [] : try structure.messages(snapshot, session)
    if !building.isEmpty { building += try feature.inherited(snapshot, session) }
    var followed = RecordChange(kind: .add, owner: wanted.attachment)
    var companions: [NetlinkMessage] = []
    if let companion = desired.companion {
      followed.claimed = wanted.elements.accepts.map(\.address)
      followed.isolation = wanted.elements.isolation
      followed.release(unwanted, orphans: orphans.elements)
      switch try companion.messages(for: followed) {
      case .failure(let error): return .failure(error)
      case .success(let messages): companions = messages
      }
    }
    let messages =
      building + Feature.waitingMaps(for: change.ports.added).map { Table.own.create($0) }
      + Table.own.delete(change.removed + change.ports.removed)
      + Table.own.add(change.added + change.shared + change.ports.added, exclusively: true)
      + emptied.map { Table.own.delete(set: $0) } + companions
    if !messages.isEmpty {
      // A batch that only adds needs no generation, because the kernel refuses an element that is there by now. With shared
      // elements it does, because one that was there may be gone by now.
      let isAdding = building.isEmpty && (change.removed + change.ports.removed).isEmpty && companions.isEmpty
      let isSafe = isAdding && shared.isEmpty && !change.ports.hasWaiting
      try session.commit(messages, generation: isSafe ? nil : snapshot.generation)
    }
    return .success((change, followed))
  }

  /// Removes the rules of upstream's plugin for the same container.
  private func removeLeftovers(of attachment: Attachment) throws(CNIError) {
    let action = "remove the rules that upstream's plugin has left for \(attachment.containerID)"
    try Self.transaction(action) { (session) throws(NetlinkError) in
      let snapshot = try session.read(elements: [], tables: self.feature.upstreamTables)
      let messages = try session.deletions(of: attachment, for: self.feature, in: snapshot.tables)
      if !messages.isEmpty { try session.commit(messages, generation: snapshot.generation) }
      return .success(())
    }
  }
}

extension Change {
  /// Replaces present elements by an attachment's, except those that are computed from a queue.
  fileprivate mutating func put(
    _ elements: [Element], _ owner: AttachmentTag, over present: StoredElements
  ) throws(NetlinkError) {
    for element in elements where !element.id.isQueued {
      guard let stored = present[element.id] else {
        added.append(element)
        continue
      }
      if !stored.stays { throw .expiring }
      if stored.element == element { continue }
      if let takeover = stored.element.takeover(by: owner) { takeovers.append(takeover) }
      removed.append(stored.element)
      added.append(element)
    }
  }
}

// MARK: - Shared elements

extension ElementStore {
  /// The shared elements that lose their last members, and the sets of members that become empty.
  func orphans(
    of removed: [Element], _ session: borrowing Session
  ) throws(NetlinkError) -> (elements: [Element], sets: [String]) {
    let gone = ElementIDs(removed.map(\.id))
    var orphaned: [Element.ID] = []
    var sets: [String] = []
    for member in removed {
      guard let id = SharedElement.id(sharedBy: member, in: feature), !orphaned.contains(id) else { continue }
      if try session.hasElement(in: member.id.set, where: { !gone.contains($0.id) }) { continue }
      orphaned.append(id)
      sets.append(member.id.set)
    }
    if orphaned.isEmpty { return ([], []) }
    let stored = try session.read(elements: orphaned).elements.values
    return (stored.filter(\.stays).map(\.element), sets)
  }
}

extension Session {
  /// All elements of a feature whose comments `isWanted` accepts, except those that are about to expire. `text` is a part of all
  /// these comments: elements without it are skipped before they are decoded, as there may be thousands.
  func allElements(
    of feature: Feature, _ text: String, where isWanted: (Comment) -> Bool
  ) throws(NetlinkError) -> [Element] {
    let pattern = Array(text.utf8)
    let onDemand = try chains().compactMap { feature.onDemand($0.name) }
    var names = (feature.sets + onDemand.flatMap(\.sets)).map(\.name)
    if !feature.sharedSets.isEmpty {
      names += try sets().filter { SharedElement.shared(byMembersOf: $0, in: feature) != nil }
    }
    var found: [Element] = []
    for set in names {
      let stored = try elements(of: set, holding: pattern).filter(\.stays)
      found += stored.map(\.element).filter { $0.comment.map(isWanted) ?? false }
    }
    return found
  }
}
