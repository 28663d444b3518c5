// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI
import NFTables
import Rules

/// A change of the record, as far as it matters for rules that follow it.
package struct RecordChange {
  package enum Kind { case add, undo, remove }

  package let kind: Kind
  package let owner: Attachment
  /// The addresses that are to be accepted.
  package var claimed: [IPAddress] = []
  /// The isolation that the owner asks for.
  package var isolation: Isolation?
  /// The addresses that no attachment is accepted with any more.
  package var released: [IPAddress] = []
  /// The isolations that no attachment asks for any more: `.sameBridge` if nothing isolates the bridge any more, `.isolated` if
  /// only packets within the bridge are no longer dropped.
  package var freed: [Isolation] = []
  /// The bridge ports that leave the record.
  package var ports: [String] = []
  /// Whether the record had accepts of the owner before.
  package var wasRecorded = false
  /// Whether the record says that the owner has rules in legacy tables.
  package var usesLegacyTables = false
  /// Those of a companion's tables that are known to be missing in the ruleset that the change was computed from.
  package var missingTables: [Table] = []

  package init(kind: Kind, owner: Attachment) {
    self.kind = kind
    self.owner = owner
  }
}

extension RecordChange {
  /// Adds what the removal of these elements from the record means; `orphans` are the shared elements that are removed with them.
  mutating func release(_ elements: [Element], orphans: [Element]) {
    released += elements.accepts.map(\.address)
    ports += elements.recordedPorts.map(\.name)
    // `bridges` comes first: where its element is removed, that of `isolated_bridges` is removed too, and one entry is for both.
    for (set, kind) in [(Feature.bridges, Isolation.Kind.sameBridge), (Feature.isolatedBridges, .isolated)] {
      for element in orphans where element.id.set == set.name {
        let bridge = element.id.key[...].text
        if !freed.contains(where: { $0.bridge == bridge }) { freed.append(Isolation(bridge: bridge, kind)) }
      }
    }
  }
}

extension RecordChange {
  init(removing elements: [Element], _ orphans: [Element], of owner: Attachment) {
    self.init(kind: .remove, owner: owner)
    release(elements, orphans: orphans)
    wasRecorded = !released.isEmpty
    usesLegacyTables = elements.contains(where: \.usesLegacyTables)
  }

  /// Adds the addresses and bridges of a hint that no attachment is recorded with: upstream's plugin may have added rules for
  /// them.
  mutating func release(_ hint: AttachmentElements, isFree: (Element.ID) -> Bool) {
    for element in hint.elements {
      guard let accept = element.accept, !released.contains(accept.address), isFree(element.id) else { continue }
      released.append(accept.address)
    }
    for shared in hint.shared where shared.element.id.set == Feature.bridges.name && isFree(shared.element.id) {
      let bridge = shared.element.id.key[...].text
      if !freed.contains(where: { $0.bridge == bridge }) { freed.append(Isolation(bridge: bridge, .sameBridge)) }
    }
  }
}
