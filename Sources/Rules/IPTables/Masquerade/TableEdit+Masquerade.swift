// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI

/// What stands in a container's chain, and leads there, of ``MasqueradeRules``.
struct PresentMasquerade {
  let rules: [PlacedRule]
  /// The rules that lead to the chain.
  let entries: [PlacedRule]
  /// Whether rules of other chains lead there too, so that the chain cannot be removed.
  let isUsedElsewhere: Bool
}

extension TableEdit {
  /// What there is of a chain; nil if it is not there, without which there can be no entry.
  private mutating func masquerade(_ chain: String) throws(CNIError) -> PresentMasquerade? {
    guard let present = try rules(of: chain) else { return nil }
    // All that use the chain are its own rules, and these.
    let count = try uses(of: chain) - present.count
    var missing = count
    let entries =
      count <= 0
      ? []
      : try rules(of: MasqueradeRules.entries, holding: [Array(chain.utf8)]) { entry in
        if entry.jump == chain { missing -= 1 }
        return missing == 0
      }.filter { $0.jump == chain }
    return PresentMasquerade(rules: present, entries: entries, isUsedElsewhere: entries.count < count)
  }

  /// Collects what is missing for some addresses; returns those that had no entry.
  mutating func addMasquerade(_ sources: [Prefix], _ wanted: MasqueradeRules) throws(CNIError) -> [Prefix] {
    try look(at: [wanted.chain, MasqueradeRules.entries])
    let present = try masquerade(wanted.chain)
    var acceptances: [IPTablesRule] = []
    for rule in sources.map(wanted.acceptance) where !acceptances.contains(rule) { acceptances.append(rule) }
    if let present {
      fill(wanted, present, with: acceptances)
    } else {
      try ensureChain(wanted.chain)
      for rule in acceptances + [wanted.masquerading] { append(rule, to: wanted.chain) }
    }
    let entries = present?.entries ?? []
    let new = sources.filter { source in !entries.contains { $0.rule == wanted.entry(source) } }
    // Appended as upstream does it: rules that an administrator has put there come first.
    for source in new { append(wanted.entry(source), to: MasqueradeRules.entries) }
    return new
  }

  private mutating func fill(
    _ wanted: MasqueradeRules, _ present: PresentMasquerade, with acceptances: [IPTablesRule]
  ) {
    let missing = acceptances.filter { rule in !present.rules.contains { $0.rule == rule } }
    guard let place = present.rules.firstIndex(where: { $0.rule == wanted.masquerading }) else {
      for rule in missing + [wanted.masquerading] { append(rule, to: wanted.chain) }
      return
    }
    // Behind the rule that masquerades they would be without effect.
    let former = place == 0 ? nil : present.rules[place - 1]
    for rule in missing.reversed() { insert(rule, after: former, in: wanted.chain) }
  }

  /// Collects the removal of what some addresses have, or with nil all.
  mutating func removeMasquerade(of sources: [Prefix]?, _ rules: MasqueradeRules) throws(CNIError) {
    try removeMasquerade(of: sources, in: rules.chain, acceptance: rules.acceptance) {
      $0.rule?.comment == rules.comment
    }
  }

  /// Collects the removal of all that a chain of a network's container has, whose rules' comments begin so.
  mutating func removeMasquerade(in chain: String, commented prefix: String) throws(CNIError) {
    try removeMasquerade(of: nil, in: chain, acceptance: nil) { $0.rule?.comment?.hasPrefix(prefix) ?? false }
  }

  /// The same, and of the chain when no address is left. Another pair of a network and an ID may have the same chain: its rules stay.
  private mutating func removeMasquerade(
    of sources: [Prefix]?, in chain: String, acceptance: ((Prefix) -> IPTablesRule)?,
    where isOwned: (PlacedRule) -> Bool
  ) throws(CNIError) {
    guard let present = try masquerade(chain) else { return }
    let own = present.entries.filter(isOwned)
    let former = own.filter { entry in
      guard let sources else { return true }
      guard let source = entry.rule?.source?.value else { return false }
      return sources.contains { Prefix(host: $0.address) == source || $0.network == source }
    }
    for entry in former { remove(entry, from: MasqueradeRules.entries) }
    let kept = own.filter { !former.contains($0) }
    if !kept.isEmpty {
      // Of a subnet no more is known than whether an address of it is left.
      let addresses = kept.compactMap { $0.rule?.source?.value.address }
      let unused = (sources ?? []).filter { source in !addresses.contains(where: source.contains) }
      let rules = acceptance.map { unused.map($0) } ?? []
      for rule in present.rules where rule.rule.map(rules.contains) ?? false { remove(rule, from: chain) }
    } else if own.count == present.entries.count, !present.isUsedElsewhere {
      removeChain(chain)
    } else {
      for rule in present.rules where isOwned(rule) { remove(rule, from: chain) }
    }
  }

  /// The chains in which a network's containers have rules, whose comments begin so, or to which such rules lead; but for some, and so
  /// many at most.
  mutating func staleMasqueradeChains(
    commented prefix: String, sparing spared: [String], limit: Int
  ) throws(CNIError) -> [String] {
    var stale: [String] = []
    for (chain, rule) in try allRules(holding: [Array(prefix.utf8)]) {
      guard rule.rule?.comment?.hasPrefix(prefix) ?? false else { continue }
      let own = chain == MasqueradeRules.entries ? rule.jump : chain
      guard let own, own.hasPrefix(MasqueradeRules.chainPrefix), !spared.contains(own), !stale.contains(own) else {
        continue
      }
      stale.append(own)
      if stale.count == limit { break }
    }
    return stale
  }
}
