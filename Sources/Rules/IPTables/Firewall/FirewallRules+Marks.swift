// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI
import Rules

/// A mark where it stands.
struct Mark {
  let chain: String
  let placed: PlacedRule
  let wish: Wish

  /// Whether it is what an owner is marked by for a wish, in one of some ways.
  func says(_ wish: Wish, of owner: OwnerTag, in markings: [Marking]) -> Bool {
    self.wish == wish
      && markings.contains { marking in
        let (chain, rule) = marking.mark(wish, owner)
        return chain == self.chain && rule == placed.rule
      }
  }
}

extension Mark {
  /// Whether it is of somebody in an owner's network, where nobody else has that owner's address.
  func isInNetwork(of owner: OwnerTag) -> Bool {
    guard let rule = placed.rule else { return false }
    if chain.hasPrefix(Marking.ownPrefix) {
      return rule.comment.map { OwnerTag(text: $0).network } == owner.network
    }
    return MarkLabel(rule)?.network == MarkLabel(owner).network
  }
}

/// The marks of an owner, or of several.
struct Marks {
  var marks: [Mark] = []
  /// The chains of these owners.
  var ownChains: [String] = []

  var isEmpty: Bool { marks.isEmpty && ownChains.isEmpty }

  var addresses: [IPAddress] {
    marks.compactMap { if case .accept(let address) = $0.wish { address } else { nil } }
  }

  /// The most that is wanted of a bridge.
  var isolation: Isolation? {
    let all = marks.compactMap { mark in
      if case .isolation(let bridge, let kind) = mark.wish { Isolation(bridge: bridge, kind) } else { nil }
    }
    return all.first { $0.kind == .isolated } ?? all.first
  }

  var bridges: [String] {
    marks.compactMap { if case .isolation(let bridge, _) = $0.wish { bridge } else { nil } }
  }
}

extension TableEdit {
  var marking: Marking { isWhole ? .byWish : .byOwner }

  /// The marks of an owner.
  mutating func marks(of owner: OwnerTag) throws(CNIError) -> Marks {
    var found = try marks(inOwnChain: Marking.chain(owner))
    if try hasSharedMarks() { found.marks += try marks(labelled: MarkLabel(owner)) }
    return found
  }

  /// The marks of a network's owners, but for some. A chain of nobody, as it is empty, goes with them.
  mutating func marks(ofNetwork name: String, sparing spared: Set<OwnerTag>) throws(CNIError) -> Marks {
    let prefix = OwnerTag.prefix(ofNetwork: name)
    var found = Marks()
    for chain in try chains(withPrefix: Marking.ownPrefix) {
      let rules = try rules(of: chain, holding: nil)
      if !rules.isEmpty {
        guard let text = rules.first?.rule?.comment, text.hasPrefix(prefix) else { continue }
        if spared.contains(OwnerTag(text: text)) { continue }
      }
      found.marks += rules.compactMap { Marking.mark($0, in: chain) }
      found.ownChains.append(chain)
    }
    if try hasSharedMarks() {
      let network = MarkLabel.network(ofTags: String(prefix.dropLast()))
      let labels = Set(spared.map { MarkLabel($0) })
      found.marks += try sharedMarks(holding: network.value.name) { $0.network == network && !labels.contains($0) }
    }
    return found
  }

  /// Marks whose address a new owner has now, together with what else their owners are marked for who are gone: in its own
  /// network nobody else has the address, in another somebody may.
  mutating func withOwners(_ marks: [Mark], replacedBy owner: OwnerTag) throws(CNIError) -> Marks {
    var all = Marks()
    for mark in marks {
      guard mark.isInNetwork(of: owner) else {
        all.marks.append(mark)
        continue
      }
      var own: Marks
      if mark.chain.hasPrefix(Marking.ownPrefix) {
        own = try self.marks(inOwnChain: mark.chain)
      } else {
        own = Marks(marks: try mark.placed.rule.flatMap { MarkLabel($0) }.map(self.marks(labelled:)) ?? [])
      }
      if Set(own.addresses).count > 1 { own = Marks(marks: [mark]) }
      all.marks += own.marks
      all.ownChains += own.ownChains
    }
    return all
  }

  private mutating func marks(inOwnChain chain: String) throws(CNIError) -> Marks {
    guard let rules = try rules(of: chain) else { return Marks() }
    return Marks(marks: rules.compactMap { Marking.mark($0, in: chain) }, ownChains: [chain])
  }

  /// Whether owners share chains of marks here; where each has its own, those may have been saved from another table.
  private mutating func hasSharedMarks() throws(CNIError) -> Bool {
    if isWhole { return true }
    return try !(rules(of: Wish.accepts) ?? []).isEmpty
  }

  private func marks(labelled label: MarkLabel) throws(CNIError) -> [Mark] {
    try sharedMarks(holding: label.owner.value.name) { $0 == label }
  }

  /// The marks, in chains that owners share, whose label is wanted.
  private func sharedMarks(holding text: String, _ isWanted: (MarkLabel) -> Bool) throws(CNIError) -> [Mark] {
    var found: [Mark] = []
    for prefix in [Wish.accepts, Wish.leaving, Wish.staying] {
      for chain in try chains(withPrefix: prefix) {
        for placed in try rules(of: chain, holding: [Array(text.utf8)]) {
          guard let label = placed.rule.flatMap({ MarkLabel($0) }), isWanted(label) else { continue }
          if let mark = Marking.mark(placed, in: chain) { found.append(mark) }
        }
      }
    }
    return found
  }

  /// Collects the removal of all marks of some owners.
  mutating func remove(_ marks: Marks) {
    for mark in marks.marks where !marks.ownChains.contains(mark.chain) { remove(mark.placed, from: mark.chain) }
    for chain in marks.ownChains { removeChain(chain) }
  }
}
