// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI
import NFTables
import Netlink
import Rules

/// What a batch takes out of the table and puts into it.
struct Change: Sendable {
  var removed: [Element] = []
  var added: [Element] = []
  /// What others may want too, and stays as long as they do.
  var shared: [Element] = []
  var takeovers: [Takeover] = []
  /// What becomes of host ports, whose elements are not among the others.
  var ports = QueueChange()
  /// Whether there are tables in which upstream may have left something.
  var hasLeftovers = false
}

/// What an ADD wants, for all attempts at it.
private struct Wanted {
  let layout: Layout
  let rules: OwnedRules
  let onConflict: ConflictPolicy
  let companion: (any BatchCompanion)?
}

extension NFTablesBackend {
  package func apply(
    _ wanted: OwnedRules, onConflict: ConflictPolicy, then completion: () throws(CNIError) -> Void
  ) throws(CNIError) -> [Takeover] {
    try apply(wanted, onConflict: onConflict, joining: nil, then: completion)
  }

  /// The same, and makes the rules of a companion follow, in the same batch.
  package func apply(
    _ rules: OwnedRules, onConflict: ConflictPolicy, joining companion: (any BatchCompanion)?,
    then completion: () throws(CNIError) -> Void
  ) throws(CNIError) -> [Takeover] {
    let wanted = Wanted(
      layout: Layout(rules, part), rules: rules, onConflict: onConflict, companion: companion)
    let action = "apply the rules of \(rules.owner)"
    var others: [Element.ID]?
    let (change, record) = try transaction(action, companion) { (session) throws(NetlinkError) in
      try self.replace(with: wanted, &others, session)
    }
    do {
      try companion?.recordChanged(record)
      try completion()
    } catch {
      do {
        try undo(change, wanted)
      } catch let failure {
        throw CNIError(error.code, error.message, details: "and what was done could not be undone: \(failure.message)")
      }
      throw error
    }
    if change.hasLeftovers { try removeLeftovers(of: rules.owner) }
    return change.takeovers
  }

  /// `others` are places of the owner's elements besides those that it wants; they are looked for when it turns out
  /// that there must be some.
  private func replace(
    with desired: Wanted, _ others: inout [Element.ID]?, _ session: borrowing Session
  ) throws(NetlinkError) -> Attempt<(Change, RecordChange)> {
    let (layout, owner) = (desired.layout, desired.rules.owner)
    let structure = Structure(part, layout.branches, sets: layout.shared.map(\.members))
    let attachment = Layout.place(owner, part)
    let wanted = ElementIDs(layout.elements.map(\.id))
    let shared = layout.shared.map(\.element)
    let asked = wanted.union(
      (others ?? []) + [attachment] + shared.map(\.id) + Self.firstWaiting(layout.elements.map(\.id)))
    let snapshot = try session.read(
      chains: layout.elements.isEmpty ? [] : structure.chains, sets: structure.sets.map(\.name), elements: asked.list,
      tables: upstreamTables)

    var change = Change()
    change.hasLeftovers = !snapshot.tables.isEmpty
    var reading = Reading(asked, snapshot.elements)
    switch try claim(layout, givingUp: others ?? [], desired.onConflict, &reading, session) {
    case .again: return .again
    case .refused(let error): return .refused(error)
    case .done(let claimed): change.ports = claimed
    }
    change.takeovers = change.ports.takeovers
    // Rules that a former ADD has written to legacy tables stay until DEL.
    let usedLegacy = snapshot.elements[attachment].map { Layout.usesLegacyTables($0.element) } ?? false
    let elements = usedLegacy ? layout.inLegacyTables : layout.elements
    for element in elements where !Layout.isQueued(element.id) {
      guard let stored = snapshot.elements[element.id] else {
        change.added.append(element)
        continue
      }
      if stored.timeout != nil { return .again }
      if stored.element == element { continue }
      if let takeover = Self.takeover(of: stored.element, by: layout.owner) {
        if desired.onConflict == .error { return .refused(conflict(takeover)) }
        change.takeovers.append(takeover)
      }
      change.removed.append(stored.element)
      change.added.append(element)
    }

    for element in shared {
      guard let stored = snapshot.elements[element.id] else {
        change.shared.append(element)
        continue
      }
      if stored.timeout != nil { return .again }
    }

    let own = reading.elements.values.filter { $0.timeout == nil && $0.element.comment?.owner == layout.owner }
    if others == nil, let record = own.first(where: { $0.element.id == attachment }) {
      let known = own.map(\.element).filter {
        (wanted.contains($0.id) || Layout.isWaiting($0.id)) && $0.id != attachment
      }
      if Layout.count(record.element) != Layout.count(known) {
        others = try session.allElements(of: part, layout.owner.text) { $0.owner == layout.owner }.map(\.id)
        return .again
      }
    }
    let unqueued = ElementIDs(change.ports.removed.map(\.id))
    let unwanted = own.map(\.element).filter {
      !wanted.contains($0.id) && Layout.hostPort($0.id) == nil && !unqueued.contains($0.id)
    }
    change.removed += unwanted
    let orphans = try orphans(of: change.removed, session)
    change.removed = (change.removed + orphans.elements).uniqueByID
    let joined = change.added.map(\.id.set)
    let emptied = orphans.sets.filter { !joined.contains($0) }

    var building = layout.elements.isEmpty ? [] : try structure.messages(snapshot, session)
    if !building.isEmpty { building += try inheritedGuards(snapshot, session) }
    var record = RecordChange(kind: .add, owner: owner)
    record.claimed = desired.rules.rules.accepts.map(\.address)
    record.isolation = desired.rules.rules.isolations.first
    record.release(unwanted, orphans: orphans.elements)
    let companions: [NetlinkMessage]
    switch try desired.companion?.messages(for: record) ?? .messages([]) {
    case .refused(let error): return .refused(error)
    case .messages(let list): companions = list
    }
    let messages =
      building + Part.waitingMaps(for: change.ports.added).map { Table.own.create($0) }
      + Table.own.delete(change.removed + change.ports.removed)
      + Table.own.add(change.added + change.shared + change.ports.added, exclusively: true)
      + emptied.map { Table.own.delete(set: $0) } + companions
    if !messages.isEmpty {
      // Additions alone cannot collide unnoticed: the kernel refuses an element that is there by now. But what is shared,
      // and was there, may be gone by now.
      let isAdding = building.isEmpty && (change.removed + change.ports.removed).isEmpty && companions.isEmpty
      let isSafe = isAdding && shared.isEmpty && !change.ports.hasWaiting
      try session.commit(messages, generation: isSafe ? nil : snapshot.generation)
    }
    return .done((change, record))
  }

  /// Puts back what a change took out, where nobody else has put anything since.
  private func undo(_ change: Change, _ wanted: Wanted) throws(CNIError) {
    let (owner, companion) = (wanted.rules.owner, wanted.companion)
    let record = try transaction("undo the rules of \(owner)", companion) {
      (session) throws(NetlinkError) -> Attempt<RecordChange> in
      let places = ElementIDs((change.removed + change.added).map(\.id))
      let snapshot = try session.read(elements: places.list)
      let ours = change.added.filter { snapshot.elements[$0.id]?.element == $0 }
      let free = places.subtracting(snapshot.elements.ids).union(ours.map(\.id))
      let orphans = try self.orphans(of: ours, session)
      let restored = change.removed.filter { free.contains($0.id) }
      let sets = Set(restored.map(\.id.set))
      let members = sets.filter { SharedElement.shared(byMembersOf: $0, in: self.part) != nil }
      var record = RecordChange(kind: .undo, owner: owner)
      let former = restored.filter { $0.comment?.owner == wanted.layout.owner }
      record.claimed = former.compactMap { Layout.accept($0)?.address }
      record.isolation = Layout.isolation(former)
      let restoredPlaces = ElementIDs(restored.map(\.id))
      record.release(ours.filter { !restoredPlaces.contains($0.id) }, orphans: orphans.elements)
      let companions: [NetlinkMessage]
      switch try companion?.messages(for: record) ?? .messages([]) {
      case .refused(let error): return .refused(error)
      case .messages(let list): companions = list
      }
      let ports: QueueChange
      switch try self.restore(wanted.layout.owner, change.ports.queues, session) {
      case .again: return .again
      case .refused(let error): return .refused(error)
      case .done(let list): ports = list
      }
      let messages =
        Table.own.delete(ours + orphans.elements + ports.removed)
        + members.map { Table.own.create(Part.interfaceSet($0)) }
        + Table.own.add(restored + ports.added, exclusively: true)
        + orphans.sets.filter { !sets.contains($0) }.map { Table.own.delete(set: $0) } + companions
      if !messages.isEmpty { try session.commit(messages, generation: snapshot.generation) }
      return Attempt.done(record)
    }
    try companion?.recordChanged(record)
  }

  static func takeover(of element: Element, by owner: AttachmentTag) -> Takeover? {
    guard element.comment?.owner != owner, let subject = Layout.subject(element) else { return nil }
    return Takeover(of: subject, previous: element.comment?.owner.text ?? "somebody unknown")
  }

  func conflict(_ takeover: Takeover) -> CNIError {
    let field =
      switch part {
      case .ports: "runtimeConfig.portMappings"
      case .firewall: "prevResult.ips"
      }
    return CNIError(.hostPortConflict, "\(field): \(takeover.subject) belongs to \(takeover.previous)")
  }
}

// MARK: - What upstream has left

extension NFTablesBackend {
  /// Upstream's firewall has no tables of its own.
  var upstreamTables: [Table] {
    switch part {
    case .ports: Table.upstreamPorts
    case .firewall: []
    }
  }

  /// Removes the rules of upstream's plugin for the same container.
  private func removeLeftovers(of owner: Attachment) throws(CNIError) {
    try transaction("remove what another portmap has left of \(owner.containerID)") { (session) throws(NetlinkError) in
      let snapshot = try session.read(elements: [], tables: Table.upstreamPorts)
      let messages = try session.deletions(of: owner.containerID, in: snapshot.tables)
      if !messages.isEmpty { try session.commit(messages, generation: snapshot.generation) }
      return .done(())
    }
  }
}

// MARK: - What is shared

extension NFTablesBackend {
  /// The shared elements whose last members are among these, and the sets of members that have no others.
  func orphans(
    of removed: [Element], _ session: borrowing Session
  ) throws(NetlinkError) -> (elements: [Element], sets: [String]) {
    let gone = ElementIDs(removed.map(\.id))
    var orphaned: [Element.ID] = []
    var sets: [String] = []
    for member in removed {
      guard let place = SharedElement.place(sharedBy: member, in: part), !orphaned.contains(place) else { continue }
      if try session.hasElement(in: member.id.set, where: { !gone.contains($0.id) }) { continue }
      orphaned.append(place)
      sets.append(member.id.set)
    }
    if orphaned.isEmpty { return ([], []) }
    let stored = try session.read(elements: orphaned).elements.values
    return (stored.filter { $0.timeout == nil }.map(\.element), sets)
  }
}

extension NFTablesBackend {
  /// The places that tell whether anybody waits for the host ports of places.
  static func firstWaiting(_ places: [Element.ID]) -> [Element.ID] {
    places.compactMap { place in Layout.hostPort(place).map { Layout.place($0, rank: 0) } }
  }
}

extension Session {
  /// Every element that stays and whose comment fits, of all sets of a part that have owners.
  /// `text` stands in each of these comments: of thousands of others no element is made.
  func allElements(
    of part: Part, _ text: String, where isWanted: (Comment) -> Bool
  ) throws(NetlinkError) -> [Element] {
    let pattern = Array(text.utf8)
    let branches = try chains().compactMap { part.branch(named: $0.name) }
    var names = (part.sets + branches.flatMap(\.sets)).map(\.name)
    if !part.sharedSets.isEmpty {
      names += try sets().filter { SharedElement.shared(byMembersOf: $0, in: part) != nil }
    }
    var found: [Element] = []
    for set in names {
      let stored = try elements(of: set, holding: pattern).filter { $0.timeout == nil }
      found += stored.map(\.element).filter { $0.comment.map(isWanted) ?? false }
    }
    return found
  }
}
