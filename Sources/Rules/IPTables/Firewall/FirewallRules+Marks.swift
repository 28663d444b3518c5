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
    switch marking {
    case .byOwner:
      let chain = Marking.chain(owner)
      guard let rules = try rules(of: chain) else { return Marks() }
      return Marks(marks: rules.compactMap { marking.mark($0, in: chain) }, ownChains: [chain])
    case .byWish:
      let label = MarkLabel(owner)
      return Marks(marks: try marks(holding: [Array(label.owner.value.name.utf8)]) { $0 == label })
    }
  }

  /// The marks of a network's owners, but for some.
  mutating func marks(ofNetwork name: String, sparing spared: Set<OwnerTag>) throws(CNIError) -> Marks {
    let prefix = OwnerTag.prefix(ofNetwork: name)
    switch marking {
    case .byOwner:
      var found = Marks()
      for chain in try chains(withPrefix: Marking.ownPrefix) {
        let marks = try rules(of: chain, holding: nil).compactMap { marking.mark($0, in: chain) }
        guard let text = marks.first?.placed.rule?.comment, text.hasPrefix(prefix) else { continue }
        if spared.contains(OwnerTag(text: text)) { continue }
        found.marks += marks
        found.ownChains.append(chain)
      }
      return found
    case .byWish:
      let network = MarkLabel.network(ofTags: String(prefix.dropLast()))
      let spared = Set(spared.map { MarkLabel($0) })
      return Marks(
        marks: try marks(holding: [Array(network.value.name.utf8)]) { $0.network == network && !spared.contains($0) })
    }
  }

  /// The marks, in chains that owners share, whose label is wanted.
  private func marks(holding needles: [[UInt8]], _ isWanted: (MarkLabel) -> Bool) throws(CNIError) -> [Mark] {
    var found: [Mark] = []
    for prefix in [Wish.accepts, Wish.leaving, Wish.staying] {
      for chain in try chains(withPrefix: prefix) {
        for placed in try rules(of: chain, holding: needles) {
          guard let label = placed.rule.flatMap({ MarkLabel($0) }), isWanted(label) else { continue }
          if let mark = marking.mark(placed, in: chain) { found.append(mark) }
        }
      }
    }
    return found
  }

  /// Collects the removal of all marks of some owners.
  mutating func remove(_ marks: Marks) {
    for chain in marks.ownChains { removeChain(chain) }
    if !marks.ownChains.isEmpty { return }
    for mark in marks.marks { remove(mark.placed, from: mark.chain) }
  }
}
