// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI
import Netlink
import OS
import Rules

extension NFTablesBackend {
  package func remove(_ owner: Owner, hint: [Rule], ports: [HostPort]) throws(CNIError) -> [HostPort] {
    let hinted = Layout(OwnedRules(owner: owner, rules: hint))
    return try removal("remove the rules of \(owner)") { (session) throws(NetlinkError) in
      let places = Set(hinted.elements.map(\.place) + ports.map { Layout.place($0) } + [Layout.place(owner)])
      let snapshot = try session.read(places: Array(places), tables: ForeignTable.all)
      let elements = try self.owned(by: owner, snapshot, session)
      let free = ports.filter { snapshot.elements[Layout.place($0)] == nil }
      let foreign = try self.foreignDeletions(owner, snapshot.tables, session)
      return Removal(generation: snapshot.generation, elements: elements, others: foreign, freed: free)
    }
  }

  package func removeAll(
    ofNetwork network: String, sparing valid: Set<Attachment>
  ) throws(CNIError) -> [HostPort] {
    let prefix = OwnerTag.prefix(ofNetwork: network)
    let spared = Set(
      valid.map { OwnerTag(Owner(network: network, containerID: $0.containerID, interface: $0.interface)) })
    return try removal("remove the rules of network \(network)") { (session) throws(NetlinkError) in
      let generation = try session.read(places: []).generation
      let elements = try session.allElements { $0.owner.text.hasPrefix(prefix) && !spared.contains($0.owner) }
      let unused = try self.unusedConditions(of: network, without: elements, session)
      // Elements of a set that goes as a whole need not expire.
      let rest = elements.filter { !unused.sets.contains($0.place.set) }
      return Removal(generation: generation, elements: rest, others: unused.messages, freed: [])
    }
  }

  /// What is to go, as computed from one generation of the ruleset.
  private struct Removal {
    let generation: UInt32
    let elements: [Element]
    /// Messages that delete other things.
    let others: [NetlinkMessage]
    /// Host ports that nobody has, besides those of the elements.
    let freed: [HostPort]
  }

  private func removal(
    _ action: String, _ compute: (borrowing Session) throws(NetlinkError) -> Removal
  ) throws(CNIError) -> [HostPort] {
    var deletesForReal = expiry == 0
    return try transaction(action) { (session) throws(NetlinkError) in
      let removal = try compute(session)
      let elements =
        deletesForReal ? Self.delete(removal.elements) : Self.expire(removal.elements, in: self.expiry)
      let messages = elements + removal.others
      if !messages.isEmpty { try session.commit(messages, generation: removal.generation) }
      // A kernel that cannot change an element's timeout ignores it without a word.
      if !deletesForReal, let last = removal.elements.last?.place, try session.stays(last) {
        deletesForReal = true
        return .again
      }
      let ports = removal.elements.compactMap { Layout.hostPort($0.place) }
      // Whoever flushes the flows to these ports next needs that no packet can begin a new one.
      let connectionless = removal.elements.map(\.place).filter { place in
        Layout.hostPort(place).map { $0.transport != .tcp } ?? false
      }
      try session.wait(untilGone: connectionless)
      return .done(Array(Set(ports + removal.freed)))
    }
  }

  /// Everything that the owner has: what was found by the hint if that is all, else what goes with it, else what a look
  /// at all elements finds.
  private func owned(
    by owner: Owner, _ snapshot: Session.Snapshot, _ session: borrowing Session
  ) throws(NetlinkError) -> [Element] {
    let tag = OwnerTag(owner)
    func own(_ elements: some Sequence<StoredElement>) -> [Element] {
      elements.filter { $0.timeout == nil && $0.element.comment?.owner == tag }.map(\.element)
    }
    var found = own(snapshot.elements.values)
    let attachment = found.first { $0.place == Layout.place(owner) }
    func isAll() -> Bool { attachment == nil ? found.isEmpty : attachment.flatMap(Layout.count) == found.count - 1 }
    if isAll() { return found }
    let chains = try session.chains()
    let companions = Set(found.flatMap { Layout.companions($0, chains: chains) }).subtracting(found.map(\.place))
    found += own(try session.read(places: Array(companions)).elements.values)
    if isAll() { return found }
    return try session.allElements { $0.owner == tag }
  }

  /// The branches of a network's conditions that have no port left without these elements, and what removes them.
  private func unusedConditions(
    of network: String, without elements: [Element], _ session: borrowing Session
  ) throws(NetlinkError) -> (sets: Set<String>, messages: [NetlinkMessage]) {
    let leaving = Set(elements.map(\.place))
    var sets: Set<String> = []
    var messages: [NetlinkMessage] = []
    let rules = try session.rules()
    for chain in try session.chains() {
      guard let (family, id) = Branch.conditions(named: chain) else { continue }
      guard chain.hasPrefix(Branch.conditionsPrefix(ofNetwork: network, family)) else { continue }
      let ports = [false, true].map { Branch.conditionsSet(family, id, hasHostAddress: $0) }
      var isUsed = false
      for set in ports {
        let staying = try session.elements(of: set).filter { $0.timeout == nil && !leaving.contains($0.element.place) }
        isUsed = isUsed || !staying.isEmpty
      }
      if isUsed { continue }
      let texts = Set(Branch.conditionsSkeleton(family, id).jumps.map(\.text))
      let jumps = rules.filter { texts.contains($0.text) }
      let looked = try session.sets().filter { $0.hasPrefix("\(chain)_") } + [chain]
      messages += jumps.map { $0.deletion() } + [RuleObject.flush(chain), Chain.delete(chain)]
      messages += looked.map { SetObject.delete($0) }
      sets.formUnion(looked)
    }
    return (sets, messages)
  }
}

extension Session {
  /// Whether an element is there and is not about to expire.
  func stays(_ place: Element.Place) throws(NetlinkError) -> Bool {
    guard let stored = try read(places: [place]).elements[place] else { return false }
    return stored.timeout == nil
  }

  /// Waits until these elements have expired, but not longer than a slow kernel's clock takes.
  func wait(untilGone places: [Element.Place]) throws(NetlinkError) {
    if places.isEmpty { return }
    for _ in 0..<100 {
      let left = try read(places: places).elements.values
      if !left.contains(where: { $0.timeout != nil }) { return }
      pause(microseconds: 500)
    }
  }
}
