// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI
import NFTables
import Netlink
import Rules

extension ElementStore {
  /// Removes all elements of a network's attachments that are not in the list. `body` is given these elements before; if it
  /// throws, nothing is removed.
  func removeAll(
    ofNetwork network: String, sparing valid: Set<AttachmentID>, first body: ([Element]) throws(CNIError) -> Void
  ) throws(CNIError) -> Removal {
    let prefix = AttachmentTag.prefix(ofNetwork: network)
    let spared = AttachmentTag.all(valid, ofNetwork: network)
    var removal = Removal(
      action: "remove the rules of network \(network)", isOwned: { $0.text.hasPrefix(prefix) && !spared.contains($0) },
      deletesForReal: expiry == 0)
    let isStale = removal.isOwned
    let stale = try Self.transaction(removal.action) { (session) throws(NetlinkError) in
      // This fails with a clearer error than a dump where the kernel has no nf_tables.
      _ = try session.generation()
      return .success(try session.allElements(of: self.feature, prefix) { isStale($0.owner) })
    }
    try body(stale)
    var rest = stale.map(\.id)[...]
    while !rest.isEmpty {
      // The larger a batch, the likelier another program changes the ruleset before it is committed.
      _ = try expire(ElementIDs(Array(rest.prefix(300))), &removal) { (found, _) in found }
      rest = rest.dropFirst(300)
    }
    // Shared elements without members would keep their chains in use.
    if !feature.sharedSets.isEmpty { try removeUnusedShares() }
    try removeUnusedChains(of: network)
    return removal
  }

  /// Removes the chains on demand of a network in whose sets no attachment has an element any more.
  private func removeUnusedChains(of network: String) throws(CNIError) {
    try Self.transaction("remove the unused chains of network \(network)") { (session) throws(NetlinkError) in
      let generation = try session.generation()
      let prefixes = self.feature.chainPrefixes(network)
      let names = try session.chains().map(\.name).filter { name in prefixes.contains { name.hasPrefix($0) } }
      if names.isEmpty { return .success(()) }
      let sets = try session.sets()
      let rules = try session.rules()
      let awaited = try session.awaitedConditions(sets)
      var messages: [NetlinkMessage] = []
      for name in names where !awaited.contains(name) {
        guard let chain = self.feature.onDemand(name), try session.isUnused(chain) else { continue }
        let jumps: [[Expression]?] = chain.jumps.map(\.expressions)
        messages += rules.filter { jumps.contains($0.expressions) }.map { $0.deletion() }
        messages += [Table.own.flush(chain: name), Table.own.delete(chain: name)]
        messages += sets.filter { $0 == name || $0.hasPrefix("\(name)_") }.map { Table.own.delete(set: $0) }
      }
      if !messages.isEmpty { try session.commit(messages, generation: generation) }
      return .success(())
    }
  }

  /// Removes shared elements without members, and empty sets of members.
  private func removeUnusedShares() throws(CNIError) {
    try Self.transaction("remove shared elements that no attachment uses any more") { (session) throws(NetlinkError) in
      let generation = try session.generation()
      var unused: [Element] = []
      let sets = try session.sets()
      for set in self.feature.sharedSets(among: sets) {
        for stored in try session.elements(of: set.name) where stored.stays {
          let members = SharedElement(stored.element, in: set).members.name
          if try !session.hasElement(in: members) { unused.append(stored.element) }
        }
      }
      var messages = Table.own.delete(unused)
      for set in sets where SharedElement.shared(byMembersOf: set, in: self.feature) != nil {
        if try !session.hasElement(in: set) { messages.append(Table.own.delete(set: set)) }
      }
      if !messages.isEmpty { try session.commit(messages, generation: generation) }
      return .success(())
    }
  }
}

extension Session {
  /// Whether no attachment has an element in the sets of a chain. Sets of intervals hold only elements of the chain itself.
  fileprivate func isUnused(_ chain: OnDemandChain) throws(NetlinkError) -> Bool {
    for set in chain.sets where !set.isInterval {
      if try elements(of: set.name).contains(where: \.stays) { return false }
    }
    return true
  }

  /// The names of the chains of conditions that waiting mappings will need.
  fileprivate func awaitedConditions(_ sets: [String]) throws(NetlinkError) -> Set<String> {
    var names: Set<String> = []
    for set in sets where Feature.served(byWaiting: set) != nil {
      for stored in try elements(of: set) {
        guard let port = stored.element.id.hostPort, let conditions = stored.element.comment?.note else { continue }
        names.insert(OnDemandChain.conditionsName(port.family, conditions))
      }
    }
    return names
  }
}
