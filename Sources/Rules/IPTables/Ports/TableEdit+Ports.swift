// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI
import Rules

/// The rules that an attachment had before a change; nil if the change touches none of them.
struct FormerPorts {
  fileprivate struct Chain {
    let name: String
    let rules: [KeptRule]
    let entries: [Entry]
  }

  fileprivate struct Entry {
    let rule: KeptRule
    /// The last entry before it that belongs to another attachment; nil at the start.
    let other: KeptRule?
  }

  let table: IPTable
  fileprivate let attachment: PortAttachment
  fileprivate let chains: [Chain]

  init?(_ present: PresentPorts, of attachment: PortAttachment, _ table: TableEdit) throws(CNIError) {
    self.table = table.table
    self.attachment = attachment
    let names = present.chains.map(\.name)
    let touched = names + [present.target, PortRules.entries]
    if !table.changes.contains(where: { touched.contains($0.chain) }) { return nil }
    var rest = present.chains.reduce(0) { $0 + $1.entries.count }
    let front =
      rest == 0
      ? []
      : try table.rules(of: PortRules.entries, holding: nil) { entry in
        if let chain = entry.jump, names.contains(chain) { rest -= 1 }
        return rest == 0
      }
    var other: KeptRule?
    var entries: [String: [Entry]] = [:]
    for entry in front {
      if let chain = entry.jump, names.contains(chain) {
        entries[chain, default: []].append(Entry(rule: entry.kept, other: other))
      } else {
        other = entry.kept
      }
    }
    chains = present.chains.map {
      Chain(name: $0.name, rules: $0.rules.map(\.kept), entries: entries[$0.name] ?? [])
    }
  }
}

// MARK: - Removing

extension TableEdit {
  /// Removes an attachment's chains and entries, except one chain and its entries.
  mutating func remove(_ present: PresentPorts, but spared: String? = nil) throws(CNIError) -> [PortForward] {
    var forwards: [PortForward] = []
    for chain in present.chains where chain.name != spared {
      for entry in chain.entries { remove(entry, from: PortRules.entries) }
      forwards += chain.rules.compactMap { $0.rule?.forward }
      removeChain(chain.name)
    }
    return forwards
  }

  /// Removes the second chain that old versions of upstream made for an attachment.
  mutating func removeFormerChain(
    of attachment: PortAttachment, _ present: PresentPorts
  ) throws(CNIError) -> [PortForward] {
    let chain = PortRules.formerChain(attachment.owner)
    let isThere = try has(chain)
    guard isThere, attachment.isFirstInterface || present.has(attachment.sharedChain) else { return [] }
    let entries = try entries(to: chain, in: PortRules.formerEntries)
    for entry in entries { remove(entry, from: PortRules.formerEntries) }
    let forwards = try rules(of: chain, holding: nil).compactMap { $0.rule?.forward }
    removeChain(chain)
    return forwards
  }

  /// The names of the chains that these attachments may have.
  mutating func portChains(of owners: [Attachment]) throws(CNIError) -> Set<String> {
    var chains: Set<String> = []
    for owner in owners {
      let own = PortRules.ownChain(owner)
      chains.insert(own)
      // A chain with upstream's name belongs to another interface if this one has a chain of its own.
      if owner.interface != "eth0", try has(own) { continue }
      chains.insert(PortRules.sharedChain(owner))
    }
    return chains
  }

  /// The entries whose comments have this prefix, except those to `spared` chains; of this many chains at most.
  mutating func staleEntries(
    commented prefix: String, sparing spared: Set<String>, limit: Int
  ) throws(CNIError) -> [PlacedRule] {
    let entries = try rules(of: PortRules.entries) ?? []
    var stale: [String] = []
    for entry in entries {
      guard let chain = entry.staleChain(commented: prefix, sparing: spared), !stale.contains(chain) else { continue }
      stale.append(chain)
      if stale.count == limit { break }
    }
    return stale.isEmpty ? [] : entries.filter { $0.jump.map(stale.contains) ?? false }
  }

  /// Removes those of the entries whose comments have this prefix, except those to `spared` chains, and the chains that no other
  /// of the entries jumps to. If an entry that is not among these jumps to such a chain by now, the kernel refuses the change.
  mutating func removePorts(
    commented prefix: String, sparing spared: Set<String>, among entries: [PlacedRule]
  ) throws(CNIError) -> [PortForward] {
    var (stale, used): ([String], [String]) = ([], [])
    for entry in entries {
      guard let chain = entry.staleChain(commented: prefix, sparing: spared) else {
        if let chain = entry.jump { used.append(chain) }
        continue
      }
      remove(entry, from: PortRules.entries)
      if !stale.contains(chain) { stale.append(chain) }
    }
    var forwards: [PortForward] = []
    for chain in stale where !used.contains(chain) {
      forwards += try rules(of: chain, holding: nil).compactMap { $0.rule?.forward }
      removeChain(chain)
    }
    return forwards
  }
}

extension PlacedRule {
  /// The attachment's chain that an entry jumps to whose comment has this prefix; nil if it is spared.
  fileprivate func staleChain(commented prefix: String, sparing spared: Set<String>) -> String? {
    guard
      let chain = jump, chain.hasPrefix(PortRules.chainPrefix), !spared.contains(chain),
      rule?.comment?.hasPrefix(prefix) ?? false
    else { return nil }
    return chain
  }
}

// MARK: - Putting back

extension TableEdit {
  /// Restores the rules that an attachment had.
  mutating func putBack(_ former: FormerPorts) throws(CNIError) {
    let present = try ports(of: former.attachment)
    for chain in present.chains {
      for entry in chain.entries { remove(entry, from: PortRules.entries) }
      if !former.chains.contains(where: { $0.name == chain.name }) { removeChain(chain.name) }
    }
    if former.chains.isEmpty { return }
    try ensureChain(PortRules.entries)
    let entries = try rules(of: PortRules.entries) ?? []
    for chain in former.chains {
      try restore(chain.name, with: chain.rules)
      // Each entry returns to its place, so that a container which has taken a port over keeps it.
      for entry in chain.entries.reversed() {
        let other = entry.other.flatMap { other in
          entries.first { $0.jump == other.jump && $0.rule == other.rule }
        }
        restore(entry.rule, after: other, in: PortRules.entries)
      }
    }
  }
}
