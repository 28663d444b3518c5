// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI
import Netlink
import Rules

/// What a batch takes out of the table and puts into it.
struct Change: Sendable {
  var removed: [Element] = []
  var added: [Element] = []
  /// What others may want too, and stays as long as they do.
  var shared: [Element] = []
  var takeovers: [Takeover] = []
  /// Whether there are tables in which the peer may have left something.
  var hasLeftovers = false
}

extension NFTablesBackend {
  package func apply(
    _ wanted: OwnedRules, onConflict: ConflictPolicy, then completion: () throws(CNIError) -> Void
  ) throws(CNIError) -> [Takeover] {
    let layout = Layout(wanted, part)
    let action = "apply the rules of \(wanted.owner)"
    var others: [Element.Place]?
    let change = try transaction(action) { (session) throws(NetlinkError) in
      try self.replace(with: layout, wanted.owner, onConflict, &others, session)
    }
    do {
      try completion()
    } catch {
      do {
        try undo(change, of: layout.owner)
      } catch let failure {
        throw CNIError(error.code, error.message, details: "and what was done could not be undone: \(failure.message)")
      }
      throw error
    }
    if change.hasLeftovers { try removeLeftovers(of: wanted.owner) }
    return change.takeovers
  }

  /// `others` are places of the owner's elements besides those that it wants; they are looked for when it turns out
  /// that there must be some.
  private func replace(
    with layout: Layout, _ owner: Owner, _ onConflict: ConflictPolicy, _ others: inout [Element.Place]?,
    _ session: borrowing Session
  ) throws(NetlinkError) -> Attempt<Change> {
    let structure = Structure(part, layout.branches, sets: layout.shared.map(\.members))
    let attachment = Layout.place(owner, part)
    let wanted = Places(layout.elements.map(\.place))
    let shared = layout.shared.map(\.element)
    let snapshot = try session.read(
      chains: layout.elements.isEmpty ? [] : structure.chains, sets: structure.sets.map(\.name),
      places: wanted.union((others ?? []) + [attachment] + shared.map(\.place)).list, tables: foreignTables)

    var change = Change()
    change.hasLeftovers = !snapshot.tables.isEmpty
    for element in layout.elements {
      guard let stored = snapshot.elements[element.place] else {
        change.added.append(element)
        continue
      }
      if stored.timeout != nil { return .again }
      if stored.element == element { continue }
      if let takeover = Self.takeover(of: stored.element, by: layout.owner) {
        if onConflict == .error { return .refused(conflict(takeover)) }
        change.takeovers.append(takeover)
        change.removed += try displacedConditions(of: stored.element, session)
      }
      change.removed.append(stored.element)
      change.added.append(element)
    }

    for element in shared {
      guard let stored = snapshot.elements[element.place] else {
        change.shared.append(element)
        continue
      }
      if stored.timeout != nil { return .again }
    }

    let own = snapshot.elements.values.filter { $0.timeout == nil && $0.element.comment?.owner == layout.owner }
    if others == nil, let record = own.first(where: { $0.element.place == attachment }) {
      let known = own.filter { wanted.contains($0.element.place) && $0.element.place != attachment }
      if Layout.count(record.element) != known.count {
        others = try session.allElements(of: part) { $0.owner == layout.owner }.map(\.place)
        return .again
      }
    }
    change.removed += own.map(\.element).filter { !wanted.contains($0.place) }
    change.removed += try orphans(of: change.removed, session)
    change.removed = change.removed.uniqueByPlace

    let building = layout.elements.isEmpty ? [] : try structure.messages(snapshot, session)
    let messages = building + Self.delete(change.removed) + Self.add(change.added + change.shared)
    if !messages.isEmpty {
      // Additions alone cannot collide unnoticed: the kernel refuses an element that is there by now. But what is shared,
      // and was there, may be gone by now.
      let isSafe = building.isEmpty && change.removed.isEmpty && shared.isEmpty
      try session.commit(messages, generation: isSafe ? nil : snapshot.generation)
    }
    return .done(change)
  }

  /// A port that was under the conditions of its former owner's network is not any more.
  private func displacedConditions(
    of element: Element, _ session: borrowing Session
  ) throws(NetlinkError) -> [Element] {
    guard let id = element.comment?.note, !id.isEmpty, let host = Layout.hostPort(element.place) else { return [] }
    let set = Branch.conditionsSet(host.family, id, hasHostAddress: host.address != nil)
    let place = Element.Place(set: set, key: element.place.key)
    return try session.read(places: [place]).elements.values.filter { $0.timeout == nil }.map(\.element)
  }

  /// Puts back what a change took out, where nobody else has put anything since.
  private func undo(_ change: Change, of owner: OwnerTag) throws(CNIError) {
    try transaction("undo the rules of \(owner.text)") { (session) throws(NetlinkError) in
      let places = Places((change.removed + change.added).map(\.place))
      let snapshot = try session.read(places: places.list)
      let ours = change.added.filter { snapshot.elements[$0.place]?.element == $0 }
      let free = places.subtracting(snapshot.elements.places).union(ours.map(\.place))
      let orphans = try self.orphans(of: ours, session)
      let messages = Self.delete(ours + orphans) + Self.add(change.removed.filter { free.contains($0.place) })
      if !messages.isEmpty { try session.commit(messages, generation: snapshot.generation) }
      return Attempt.done(())
    }
  }

  private static func takeover(of element: Element, by owner: OwnerTag) -> Takeover? {
    guard element.comment?.owner != owner, let subject = Layout.subject(element) else { return nil }
    return Takeover(of: subject, previous: element.comment?.owner.text ?? "somebody unknown")
  }

  private func conflict(_ takeover: Takeover) -> CNIError {
    let field =
      switch part {
      case .ports: "runtimeConfig.portMappings"
      case .firewall: "prevResult.ips"
      }
    return CNIError(.hostPortConflict, "\(field): \(takeover.subject) belongs to \(takeover.previous)")
  }
}

// MARK: - What the peer has left

extension NFTablesBackend {
  /// The peer's firewall has no tables of its own.
  var foreignTables: [ForeignTable] {
    switch part {
    case .ports: ForeignTable.all
    case .firewall: []
    }
  }

  /// Removes the rules of the peer's plugin for the same container.
  private func removeLeftovers(of owner: Owner) throws(CNIError) {
    try transaction("remove what another portmap has left of \(owner.containerID)") { (session) throws(NetlinkError) in
      let snapshot = try session.read(places: [], tables: ForeignTable.all)
      let messages = try self.foreignDeletions(owner, snapshot.tables, session)
      if !messages.isEmpty { try session.commit(messages, generation: snapshot.generation) }
      return .done(())
    }
  }
}

// MARK: - What is shared

extension NFTablesBackend {
  /// The shared elements whose last members are among these.
  func orphans(of removed: [Element], _ session: borrowing Session) throws(NetlinkError) -> [Element] {
    var orphaned: [Element.Place] = []
    for member in removed {
      guard let place = SharedElement.place(sharedBy: member, in: part), !orphaned.contains(place) else { continue }
      if try session.hasElement(in: member.place.set, besides: Places(removed.map(\.place))) { continue }
      orphaned.append(place)
    }
    if orphaned.isEmpty { return [] }
    return try session.read(places: orphaned).elements.values.filter { $0.timeout == nil }.map(\.element)
  }
}

// MARK: - Messages about elements

extension NFTablesBackend {
  static func add(_ elements: [Element]) -> [NetlinkMessage] {
    bySet(elements).flatMap { Element.add($0, exclusively: true) }
  }

  static func delete(_ elements: [Element]) -> [NetlinkMessage] { bySet(elements).flatMap { Element.delete($0) } }

  static func expire(_ elements: [Element], in milliseconds: UInt64) -> [NetlinkMessage] {
    bySet(elements).flatMap { Element.add($0, exclusively: false, timeout: milliseconds) }
  }

  /// A message is about one set.
  private static func bySet(_ elements: [Element]) -> [[Element]] {
    var groups: [[Element]] = []
    for element in elements {
      if let index = groups.firstIndex(where: { $0.first?.place.set == element.place.set }) {
        groups[index].append(element)
      } else {
        groups.append([element])
      }
    }
    return groups
  }

  /// The deletions of what the peer's plugin has left for the same container.
  func foreignDeletions(
    _ owner: Owner, _ tables: [ForeignTable], _ session: borrowing Session
  ) throws(NetlinkError) -> [NetlinkMessage] {
    var messages: [NetlinkMessage] = []
    for table in tables { messages += try table.deletions(of: owner.containerID, session) }
    return messages
  }
}

extension Session {
  /// Every element that stays and whose comment fits, of all sets of a part that have owners.
  func allElements(of part: Part, where isWanted: (Comment) -> Bool) throws(NetlinkError) -> [Element] {
    let branches = try chains().compactMap { part.branch(named: $0) }
    var names = (part.sets + branches.flatMap(\.sets)).map(\.name)
    if !part.sharedSets.isEmpty {
      names += try sets().filter { SharedElement.shared(byMembersOf: $0, in: part) != nil }
    }
    var found: [Element] = []
    for set in names {
      let stored = try elements(of: set).filter { $0.timeout == nil }
      found += stored.map(\.element).filter { $0.comment.map(isWanted) ?? false }
    }
    return found
  }
}
