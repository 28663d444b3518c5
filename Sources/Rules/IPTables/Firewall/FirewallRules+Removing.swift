// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI
import Rules

extension TableEdit {
  /// Collects the removal of all that an owner has. The addresses, and what is there for the sake of the bridges, are its own too
  /// unless others are marked for them.
  mutating func remove(
    _ owner: OwnerTag, addresses: [IPAddress], bridges: [String], leaving adopted: [IPTablesRule] = []
  ) throws(CNIError) {
    // Who has no mark can only have what the peer has added, and not what nobody has asked for.
    if addresses.isEmpty && bridges.isEmpty, try marks(of: owner).isEmpty { return }
    try look(at: [Marking.chain(owner)] + FirewallRules.shared)
    let marks = try marks(of: owner)
    if marks.isEmpty, try !has(FirewallRules.forwarding) { return }
    let head = try acceptsHead(try rules(of: "FORWARD") ?? [])
    remove(marks)
    try removeMarked(marks, addresses: addresses, bridges: bridges, head, keeping: nil, leaving: adopted)
  }

  /// Collects the removal of all that the attachments of a network have, but for some; and of what is there for bridges that
  /// nobody wants it for.
  mutating func removeAll(ofNetwork network: String, sparing spared: Set<OwnerTag>) throws(CNIError) {
    let marks = try marks(ofNetwork: network, sparing: spared)
    let head = try acceptsHead(try rules(of: "FORWARD") ?? [])
    remove(marks)
    try removeMarked(marks, addresses: [], bridges: try isolatedBridges(), head, keeping: nil)
  }

  /// Collects the removal of what marks stand for that are removed themselves. The isolation that is kept is about to be made;
  /// the accepts that are left are the peer's again, and so is the isolation that it may have made.
  mutating func removeMarked(
    _ gone: Marks, addresses: [IPAddress], bridges: [String], _ head: AcceptsHead, keeping kept: Isolation?,
    leaving adopted: [IPTablesRule] = []
  ) throws(CNIError) {
    let marked = gone.addresses
    var removed: [PlacedRule] = []
    // Addresses without a mark may be the peer's: as many marks may stand there whose accepts the peer has removed.
    let isKnown = head.areAllMarked && Set(addresses).isSubset(of: marked)
    if isKnown, marked.count == Set(marked).count, marked.count <= 2 {
      for address in marked { removed += try someAccepts(of: address) }
    } else if !(marked + addresses).isEmpty {
      removed = try acceptsByAddress(Array(Set(marked + addresses)), besides: gone).values.flatMap(\.free)
    }
    removed.removeAll { accept in adopted.contains { $0 == accept.rule } }
    for accept in removed { remove(accept, from: FirewallRules.forwarding) }

    var unwanted: [String] = []
    for bridge in Set(gone.bridges + bridges).sorted() {
      if kept?.bridge == bridge, kept?.kind == .isolated { continue }
      let isWanted = try removeIsolation(of: bridge, gone, removed, isWanted: kept?.bridge == bridge)
      if !isWanted { unwanted.append(bridge) }
    }
    if !unwanted.isEmpty, kept == nil { try removeIsolationChains(besides: unwanted) }
  }

  // MARK: - Bridges

  /// The bridges that there are rules for.
  private mutating func isolatedBridges() throws(CNIError) -> [String] {
    let leaving = try (rules(of: FirewallRules.stage1) ?? []).compactMap { $0.rule?.inputInterface }
    let entering = try (rules(of: FirewallRules.stage2) ?? []).compactMap { $0.rule?.outputInterface }
    return (leaving + entering).map(\.value.name)
  }

  /// Removes what is there for the sake of a bridge, as far as nobody else there wants it; answers whether somebody does.
  private mutating func removeIsolation(
    of bridge: String, _ gone: Marks, _ removed: [PlacedRule], isWanted: Bool
  ) throws(CNIError) -> Bool {
    func isWantedByOthers(_ kind: Isolation.Kind) throws(CNIError) -> Bool {
      let wish = Wish.isolation(of: bridge, kind)
      return try uses(of: wish.chain) > gone.marks.count { $0.wish == wish }
    }
    // A DEL names all interfaces that may be a bridge.
    let isMarked = gone.bridges.contains(bridge)
    if !isMarked, try !isolatedBridges().contains(bridge) { return true }
    if try isWantedByOthers(.isolated) { return true }
    let isWantedByOther = try isWantedByOthers(.sameBridge)
    let isWanted = isWanted || isWantedByOther
    // What the peer has added on this bridge has no mark.
    if try hasUnmarkedAccepts(besides: removed, gone) { return true }
    var rules = [FirewallRules.staying(bridge)]
    var chains = [Wish.isolation(of: bridge, .isolated).chain]
    if !isWanted {
      rules += [FirewallRules.leaving(bridge), FirewallRules.entering(bridge)]
      chains.append(Wish.isolation(of: bridge, .sameBridge).chain)
    }
    for chain in chains where try has(chain) { removeChain(chain) }
    for chain in [FirewallRules.stage1, FirewallRules.stage2] {
      for placed in try self.rules(of: chain) ?? [] {
        guard let rule = placed.rule else { continue }
        if rules.contains(where: { $0.isSameButForComments(as: rule) }) { remove(placed, from: chain) }
      }
    }
    return isWanted
  }

  /// Whether there are accepts, besides those that are removed, that nobody is marked for. It takes a look at all rules, as only
  /// the last of a bridge does: how many there are of each could agree by chance.
  private mutating func hasUnmarkedAccepts(
    besides removed: [PlacedRule], _ gone: Marks
  ) throws(CNIError) -> Bool {
    let known = Set((removed + gone.marks.map(\.placed)).map(\.handle))
    var surplus: [IPAddress: Int] = [:]
    for (chain, placed) in try allRules(holding: nil) where !known.contains(placed.handle) {
      if chain == FirewallRules.forwarding {
        guard let rule = placed.rule, rule.target == .accept, let address = rule.source?.value.address else { continue }
        surplus[address, default: 0] += 1
      } else if case .accept(let address)? = Marking.mark(placed, in: chain)?.wish {
        surplus[address, default: 0] -= 1
      }
    }
    return surplus.values.contains { $0 > 0 }
  }

  /// Removes the chains of isolation if no other bridge has rules there, and nobody else uses them.
  private mutating func removeIsolationChains(besides bridges: [String]) throws(CNIError) {
    let own = bridges.flatMap { [FirewallRules.leaving($0), FirewallRules.staying($0), FirewallRules.entering($0)] }
    let known = own + [FirewallRules.publishedPorts, FirewallRules.end]
    let chains = [FirewallRules.stage1, FirewallRules.stage2]
    for chain in chains {
      for placed in try rules(of: chain) ?? [] {
        guard let rule = placed.rule, known.contains(where: { $0.isSameButForComments(as: rule) }) else { return }
      }
    }
    // A chain that is gone to from elsewhere cannot be removed.
    let jumps = try (rules(of: "FORWARD") ?? []).filter { $0.jump == FirewallRules.stage1 }
    for (chain, known) in zip(chains, [jumps, try rules(of: FirewallRules.stage1) ?? []]) {
      let own = try rules(of: chain)?.count ?? 0
      if try uses(of: chain) != own + known.count(where: { $0.jump == chain }) { return }
    }
    for jump in jumps { remove(jump, from: "FORWARD") }
    for chain in chains where try has(chain) { removeChain(chain) }
  }
}
