// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI
import NFTables
import Netlink
import OS
import Rules

extension NFTablesBackend {
  package func remove(_ owner: Attachment, hint: [Rule], ports: [HostPort]) throws(CNIError) -> [PortForward] {
    try removeElements(of: owner, hint, ports, nil)
  }

  /// Removes all that the owner has, and makes the rules of a companion follow, in the same batch.
  package func remove(
    _ owner: Attachment, hint: [Rule], joining companion: any BatchCompanion
  ) throws(CNIError) {
    _ = try removeElements(of: owner, hint, [], companion)
  }

  package func removeAll(
    ofNetwork network: String, sparing valid: Set<AttachmentID>
  ) throws(CNIError) -> [PortForward] {
    try removeElements(ofNetwork: network, sparing: valid) { _ in }
  }

  package func removeAll(
    ofNetwork network: String, sparing valid: Set<AttachmentID>, first body: ([ForwardAccept]) throws(CNIError) -> Void
  ) throws(CNIError) {
    _ = try removeElements(ofNetwork: network, sparing: valid, first: body)
  }

  private func removeElements(
    of owner: Attachment, _ hint: [Rule], _ ports: [HostPort], _ companion: (any BatchCompanion)?
  ) throws(CNIError) -> [PortForward] {
    let tag = AttachmentTag(owner)
    let hinted = Layout(OwnedRules(owner: owner, rules: hint), part)
    let shared = companion == nil ? [] : hinted.shared.map(\.element.id)
    let own = hinted.elements.map(\.id) + ports.map { Layout.place($0) } + [Layout.place(owner, part)]
    let places = ElementIDs(own + shared)
    var removal = Removal(action: "remove the rules of \(owner)", leftoversOf: owner) { $0 == tag }
    removal.companion = companion
    removal.hinted = hint
    let isAll = try expire(places, &removal) { (found, session) throws(NetlinkError) in
      try self.completed(found, owner, session)
    }
    if !isAll {
      // Looked for before the change is computed: on a busy host the ruleset would be another one after such a look.
      let all = try transaction(removal.action) { (session) throws(NetlinkError) in
        .done(try session.allElements(of: self.part, tag.text) { $0.owner == tag })
      }
      _ = try expire(places.union(all.map(\.id)), &removal) { (found, _) in found }
    }
    // What is not there any more, but perhaps was: a plugin may have been killed before it saw to the flows.
    return removal.forwards
      + hint.compactMap { rule in
        guard case .forwardPort(let forward) = rule, removal.missing.contains(Layout.place(forward)) else { return nil }
        return forward
      }
  }

  /// All elements that an owner has, and places of the hint that nobody has.
  func elements(of owner: Attachment, _ hint: [Rule]) throws(CNIError) -> (own: [Element], free: ElementIDs) {
    let hinted = ElementIDs(Layout(OwnedRules(owner: owner, rules: hint), part).elements.map(\.id))
    let tag = AttachmentTag(owner)
    return try transaction("look for the rules of \(owner)") { (session) throws(NetlinkError) in
      let snapshot = try session.read(elements: hinted.union([Layout.place(owner, self.part)]).list)
      let found = snapshot.elements.values.filter { $0.timeout == nil && $0.element.comment?.owner == tag }
      let free = hinted.subtracting(snapshot.elements.ids)
      let all = try self.completed(found.map(\.element), owner, session)
      if let all { return .done((all, free)) }
      return .done((try session.allElements(of: self.part, tag.text) { $0.owner == tag }, free))
    }
  }

  private func removeElements(
    ofNetwork network: String, sparing valid: Set<AttachmentID>, first body: ([ForwardAccept]) throws(CNIError) -> Void
  ) throws(CNIError) -> [PortForward] {
    let prefix = AttachmentTag.prefix(ofNetwork: network)
    let spared = AttachmentTag.all(valid, ofNetwork: network)
    var removal = Removal(action: "remove the rules of network \(network)", leftoversOf: nil) {
      $0.text.hasPrefix(prefix) && !spared.contains($0)
    }
    let isStale = removal.isOwned
    let stale = try transaction(removal.action) { (session) throws(NetlinkError) in
      // Tells better than a dump what the kernel lacks.
      _ = try session.read(elements: [])
      return .done(try session.allElements(of: self.part, prefix) { isStale($0.owner) })
    }
    try body(stale.compactMap { Layout.accept($0) })
    var rest = stale.map(\.id)[...]
    while !rest.isEmpty {
      // The more there is to compare, the likelier somebody changes the ruleset meanwhile.
      _ = try expire(ElementIDs(Array(rest.prefix(300))), &removal) { (found, _) in found }
      rest = rest.dropFirst(300)
    }
    // What no attachment shares keeps a branch from being unused.
    if !part.sharedSets.isEmpty { try removeUnusedShares() }
    try removeUnusedBranches(of: network)
    return removal.forwards
  }

  /// The removal of what some owners have, by as many changes as it takes.
  private struct Removal {
    let action: String
    /// The owner whose leftovers of upstream go too.
    let leftoversOf: Attachment?
    let isOwned: (AttachmentTag) -> Bool
    /// What was removed; what an attempt has removed counts, whatever comes of the attempt.
    var removed: [Element] = []
    /// ElementIDs that hold no element, or somebody else's.
    var missing = ElementIDs([])
    var deletesForReal = false
    /// What follows, for the one owner.
    var companion: (any BatchCompanion)?
    /// What the owner may have had without being recorded.
    var hinted: [Rule] = []

    /// Another attempt may have found other forwards at the same places: each counts.
    var forwards: [PortForward] { removed.compactMap { Layout.forward($0) } }

    init(action: String, leftoversOf owner: Attachment?, _ isOwned: @escaping (AttachmentTag) -> Bool) {
      self.action = action
      leftoversOf = owner
      self.isOwned = isOwned
    }
  }

  /// Lets the owned elements among these places expire, or what `complete` makes of them; changes nothing and returns
  /// false if that is nil.
  private func expire(
    _ places: ElementIDs, _ removal: inout Removal,
    complete: ([Element], borrowing Session) throws(NetlinkError) -> [Element]?
  ) throws(CNIError) -> Bool {
    var state = removal
    defer { removal = state }
    if expiry == 0 { state.deletesForReal = true }
    return try transaction(removal.action, removal.companion) { (session) throws(NetlinkError) in
      let tables = state.leftoversOf == nil ? [] : self.upstreamTables
      // Who waits for a port has its element elsewhere than who has it.
      let asked = places.union(places.list.compactMap { Layout.hostPort($0).map { Layout.place($0) } })
      let all = asked.union(Self.firstWaiting(asked.list))
      let snapshot = try session.read(elements: all.list, tables: tables)
      var reading = Reading(all, snapshot.elements)
      let ports = asked.list.filter { !Layout.isWaiting($0) }.compactMap { Layout.hostPort($0) }
      let claims: QueueChange
      switch try self.withdraw(state.isOwned, from: ports, &reading, session) {
      case .again: return .again
      case .refused(let error): return .refused(error)
      case .done(let withdrawn): claims = withdrawn
      }
      let found = reading.elements.values.filter {
        $0.timeout == nil && $0.element.comment.map { state.isOwned($0.owner) } ?? false
      }
      guard let elements = try complete(found.map(\.element), session) else { return .done(false) }
      let orphans = try self.orphans(of: elements, session)
      let removed = (elements + claims.removed).uniqueByID.filter { !orphans.sets.contains($0.id.set) }
      // What others get at once cannot expire first.
      let replaced = ElementIDs(claims.added.map(\.id))
      let gone = removed + orphans.elements
      let expiring = state.deletesForReal ? [] : gone.filter { !replaced.contains($0.id) }
      let deleted = state.deletesForReal ? gone : gone.filter { replaced.contains($0.id) }
      let changes =
        Table.own.expire(expiring, in: self.expiry) + Table.own.delete(deleted)
        + Table.own.add(claims.added, exclusively: true)
        + orphans.sets.map { Table.own.delete(set: $0) }
      var leftovers: [NetlinkMessage] = []
      if let owner = state.leftoversOf { leftovers = try session.deletions(of: owner.containerID, in: snapshot.tables) }
      if let owner = state.leftoversOf, let companion = state.companion {
        var change = RecordChange(removing: elements, orphans.elements, of: owner)
        change.release(state.hinted) { snapshot.elements[$0].map { $0.timeout != nil } ?? true }
        switch try companion.messages(for: change) {
        case .refused(let error): return .refused(error)
        case .messages(let list): leftovers += list
        }
      }
      if !(changes + leftovers).isEmpty { try session.commit(changes + leftovers, generation: snapshot.generation) }
      state.missing = places.subtracting(ElementIDs(found.map(\.element.id)))
      state.removed += elements
      // A kernel that cannot change an element's timeout ignores it without a word.
      if let last = expiring.last?.id, try session.stays(last) {
        state.deletesForReal = true
        return .again
      }
      // Whoever flushes the flows to these ports next needs that no packet can begin a new one.
      let connectionless = expiring.filter { Layout.hostPort($0.id).map { $0.transport != .tcp } ?? false }
      try session.wait(untilGone: connectionless.map(\.id))
      return .done(true)
    }
  }

  /// All elements of an owner, given those that were found by the hint; nil if there must be others.
  private func completed(
    _ hinted: [Element], _ owner: Attachment, _ session: borrowing Session
  ) throws(NetlinkError) -> [Element]? {
    var found = hinted
    let attachment = found.first { $0.id == Layout.place(owner, part) }
    func isAll() -> Bool {
      attachment == nil ? found.isEmpty : attachment.flatMap { Layout.count($0) } == Layout.count(found) - 1
    }
    if isAll() { return found }
    let chains = try session.chains().map(\.name)
    let companions = ElementIDs(found.flatMap { Layout.companions($0, chains: chains) })
      .subtracting(ElementIDs(found.map(\.id)))
    let tag = AttachmentTag(owner)
    let stored = try session.read(elements: companions.list).elements.values
    found += stored.filter { $0.timeout == nil && $0.element.comment?.owner == tag }.map(\.element)
    return isAll() ? found : nil
  }
}

extension RecordChange {
  fileprivate init(removing elements: [Element], _ orphans: [Element], of owner: Attachment) {
    self.init(kind: .remove, owner: owner)
    release(elements, orphans: orphans)
    wasRecorded = !released.isEmpty
    usesLegacyTables = elements.contains { Layout.usesLegacyTables($0) }
  }

  /// Adds what of a hint no attachment is recorded with: upstream's plugin may have added it for the owner.
  fileprivate mutating func release(_ hint: [Rule], isFree: (Element.ID) -> Bool) {
    for accept in hint.accepts where !released.contains(accept.address) && isFree(Layout.place(accept)) {
      released.append(accept.address)
    }
    for isolation in hint.isolations where !freed.contains(where: { $0.bridge == isolation.bridge }) {
      if isFree(SharedElement(bridge: isolation.bridge, in: Part.bridges).element.id) {
        freed.append(Isolation(bridge: isolation.bridge, .sameBridge))
      }
    }
  }
}

// MARK: - Branches that nobody needs any more

extension NFTablesBackend {
  /// Removes the branches of a network in which no owner has anything any more.
  private func removeUnusedBranches(of network: String) throws(CNIError) {
    try transaction("remove the unused chains of network \(network)") { (session) throws(NetlinkError) in
      let generation = try session.read(elements: []).generation
      let prefixes = self.part.branchPrefixes(ofNetwork: network)
      let chains = try session.chains().map(\.name).filter { chain in prefixes.contains { chain.hasPrefix($0) } }
      if chains.isEmpty { return .done(()) }
      let sets = try session.sets()
      let rules = try session.rules()
      let awaited = try session.awaitedConditions(sets)
      var messages: [NetlinkMessage] = []
      for chain in chains where !awaited.contains(chain) {
        guard let branch = self.part.branch(named: chain), try Self.isUnused(branch, session) else { continue }
        let jumps: [[Expression]?] = branch.jumps.map(\.expressions)
        messages += rules.filter { jumps.contains($0.expressions) }.map { $0.deletion() }
        messages += [Table.own.flush(chain: chain), Table.own.delete(chain: chain)]
        messages += sets.filter { $0 == chain || $0.hasPrefix("\(chain)_") }.map { Table.own.delete(set: $0) }
      }
      if !messages.isEmpty { try session.commit(messages, generation: generation) }
      return .done(())
    }
  }

  private static func isUnused(_ branch: Branch, _ session: borrowing Session) throws(NetlinkError) -> Bool {
    // What intervals there are follows from the branch.
    for set in branch.sets where !set.isInterval {
      if try session.elements(of: set.name).contains(where: { $0.timeout == nil }) { return false }
    }
    return true
  }
}

extension NFTablesBackend {
  /// Removes what is shared and has no members any more, and sets of members that have none.
  private func removeUnusedShares() throws(CNIError) {
    try transaction("remove what nobody shares any more") { (session) throws(NetlinkError) in
      let generation = try session.read(elements: []).generation
      var unused: [Element] = []
      let sets = try session.sets()
      for set in self.part.sharedSets(among: sets) {
        for stored in try session.elements(of: set.name) where stored.timeout == nil {
          let members = SharedElement(stored.element, in: set).members.name
          if try !session.hasElement(in: members) { unused.append(stored.element) }
        }
      }
      var messages = Table.own.delete(unused)
      for set in sets where SharedElement.shared(byMembersOf: set, in: self.part) != nil {
        if try !session.hasElement(in: set) { messages.append(Table.own.delete(set: set)) }
      }
      if !messages.isEmpty { try session.commit(messages, generation: generation) }
      return .done(())
    }
  }
}

extension Session {
  /// The conditions under which somebody waits for a host port, by the names of their chains.
  fileprivate func awaitedConditions(_ sets: [String]) throws(NetlinkError) -> Set<String> {
    var names: Set<String> = []
    for set in sets where Part.served(byWaiting: set) != nil {
      for stored in try elements(of: set) {
        guard let port = Layout.hostPort(stored.element.id), let id = stored.element.comment?.note else { continue }
        names.insert(Branch.conditionsName(port.family, id))
      }
    }
    return names
  }

  /// Waits until these elements have expired, but not longer than a slow kernel's clock takes.
  func wait(untilGone places: [Element.ID]) throws(NetlinkError) {
    if places.isEmpty { return }
    for _ in 0..<100 {
      let left = try read(elements: places).elements.values
      if !left.contains(where: { $0.timeout != nil }) { return }
      pause(microseconds: 500)
    }
  }
}
