// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI
import Rules

/// Whose rules are meant.
enum RuleOwners {
  case owner(OwnerTag)
  /// All of a network, which begin so, but for some.
  case network(prefix: String, sparing: Set<OwnerTag>)

  func contains(_ mark: PlacedRule) -> Bool {
    guard let text = mark.rule?.comment else { return false }
    switch self {
    case .owner(let tag): return text == tag.text
    case .network(let prefix, let spared): return text.hasPrefix(prefix) && !spared.contains(OwnerTag(text: text))
    }
  }

  /// What the bytes of a mark of theirs hold.
  fileprivate var needle: [UInt8] {
    switch self {
    case .owner(let tag): Array(tag.text.utf8)
    case .network(let prefix, _): Array(prefix.utf8)
    }
  }
}

extension TableEdit {
  /// The marks of some owners; `addresses` are those at which they are looked for besides.
  mutating func marks(of owners: RuleOwners, at addresses: [IPAddress]) throws(CNIError) -> [PlacedRule] {
    guard try has(FirewallRules.owners) else { return [] }
    let needles = [owners.needle] + addresses.map(\.bytes)
    return (try rules(of: FirewallRules.owners, holding: needles) ?? []).filter { owners.contains($0) }
  }

  /// Collects the removal of all that some owners have. The addresses, and what is there for the sake of the bridges, are
  /// theirs too unless others stand beside them.
  mutating func remove(
    _ owners: RuleOwners, addresses: [IPAddress], bridges: [String]
  ) throws(CNIError) {
    try remove(marks: try marks(of: owners, at: []), addresses: addresses, bridges: bridges, keeping: nil)
  }

  /// The same for marks; what is to be kept is about to be marked anew.
  mutating func remove(
    marks gone: [PlacedRule], addresses: [IPAddress], bridges: [String], keeping kept: FirewallRules?
  ) throws(CNIError) {
    for mark in gone { remove(mark, from: FirewallRules.owners) }
    let rules = gone.compactMap(\.rule)
    var freed = Set(rules.compactMap { $0.source?.value.address } + addresses).subtracting(kept?.addresses ?? [])
    freed.subtract(try marked(Array(freed), besides: gone))
    try removeAccepts(of: Array(freed))

    var unwanted: Set<String> = []
    for bridge in Set(rules.compactMap { $0.inputInterface?.value.name } + bridges).sorted() {
      if try !removeIsolation(of: bridge, gone, freed, kept?.isolation) { unwanted.insert(bridge) }
    }
    if !unwanted.isEmpty, kept?.isolation == nil { try removeIsolationChains(besides: unwanted) }
  }

  /// The addresses that others are marked beside.
  private mutating func marked(_ addresses: [IPAddress], besides gone: [PlacedRule]) throws(CNIError) -> [IPAddress] {
    guard !addresses.isEmpty, try has(FirewallRules.owners) else { return [] }
    let present = try rules(of: FirewallRules.owners, holding: addresses.map(\.bytes)) ?? []
    return present.filter { !gone.contains($0) }.compactMap { $0.rule?.source?.value.address }
  }

  private mutating func removeAccepts(of addresses: [IPAddress]) throws(CNIError) {
    if addresses.isEmpty { return }
    let accepts = Set(addresses.flatMap(FirewallRules.accepts))
    for placed in try rules(of: FirewallRules.forwarding, holding: addresses.map(\.bytes)) ?? [] {
      if let rule = placed.rule, accepts.contains(rule) { remove(placed, from: FirewallRules.forwarding) }
    }
  }

  // MARK: - Bridges

  /// The bridges that rules isolate.
  mutating func isolatedBridges() throws(CNIError) -> [String] {
    try (rules(of: FirewallRules.stage2) ?? []).compactMap { $0.rule?.outputInterface?.value.name }
  }

  /// Removes what is there for the sake of a bridge, as far as nobody else there wants it; answers whether somebody does.
  private mutating func removeIsolation(
    of bridge: String, _ gone: [PlacedRule], _ freed: Set<IPAddress>, _ kept: Isolation?
  ) throws(CNIError) -> Bool {
    guard try isolatedBridges().contains(bridge) else { return true }
    let marks = try rules(of: FirewallRules.owners, holding: [Array(bridge.utf8)]) ?? []
    let others = marks.filter { !gone.contains($0) }.compactMap(\.rule).filter {
      $0.inputInterface?.value.name == bridge
    }
    let isKept = kept?.bridge == bridge
    if others.contains(where: { $0.outputInterface != nil }) || isKept && kept?.kind == .isolated { return true }
    // What the peer has added on this bridge has no mark.
    if try hasUnmarkedAccepts(besides: freed) { return true }
    let isWanted = !others.isEmpty || isKept
    for (chain, rules) in [
      (FirewallRules.stage1, [FirewallRules.staying(bridge)] + (isWanted ? [] : [FirewallRules.leaving(bridge)])),
      (FirewallRules.stage2, isWanted ? [] : [FirewallRules.entering(bridge)]),
    ] {
      for placed in try self.rules(of: chain) ?? [] {
        guard let rule = placed.rule else { continue }
        if rules.contains(where: { $0.isSameButForComments(as: rule) }) { remove(placed, from: chain) }
      }
    }
    return isWanted
  }

  /// Removes the chains of isolation if no other bridge has rules there, and nobody else has.
  private mutating func removeIsolationChains(besides bridges: Set<String>) throws(CNIError) {
    guard try Set(isolatedBridges()).subtracting(bridges).isEmpty else { return }
    let own = bridges.flatMap { [FirewallRules.leaving($0), FirewallRules.staying($0), FirewallRules.entering($0)] }
    let known = own + [FirewallRules.publishedPorts, FirewallRules.end]
    let chains = [FirewallRules.stage1, FirewallRules.stage2]
    for chain in chains {
      for placed in try rules(of: chain) ?? [] {
        guard let rule = placed.rule, known.contains(where: { $0.isSameButForComments(as: rule) }) else { return }
      }
    }
    for placed in try rules(of: "FORWARD") ?? [] where placed.jump == FirewallRules.stage1 {
      remove(placed, from: "FORWARD")
    }
    for chain in chains { try removeChain(chain) }
  }

  private mutating func hasUnmarkedAccepts(besides freed: Set<IPAddress>) throws(CNIError) -> Bool {
    let accepted = try (rules(of: FirewallRules.forwarding) ?? []).compactMap(\.rule).filter { $0.target == .accept }
    let marked = try (rules(of: FirewallRules.owners) ?? []).compactMap { $0.rule?.source?.value.address }
    return !Set(accepted.compactMap { $0.source?.value.address }).subtracting(marked).subtracting(freed).isEmpty
  }
}
