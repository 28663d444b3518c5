// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI
import NFTables
import Rules

/// What a change of the record means for rules that follow it.
package struct RecordChange {
  package enum Kind { case add, undo, remove }

  package let kind: Kind
  package let owner: Attachment
  /// The addresses that are to be accepted.
  package var claimed: [IPAddress] = []
  /// What is to be isolated.
  package var isolation: Isolation?
  /// The addresses that no attachment is accepted with any more.
  package var released: [IPAddress] = []
  /// The bridges that no attachment isolates any more, each with the most that does not hold any more.
  package var freed: [Isolation] = []
  /// The bridge ports that leave the record.
  package var ports: [String] = []
  /// Whether the record had accepts of the owner before.
  package var wasRecorded = false
  /// Whether the record says that the owner has rules in legacy tables.
  package var usesLegacyTables = false

  package init(kind: Kind, owner: Attachment) {
    self.kind = kind
    self.owner = owner
  }
}

extension RecordChange {
  /// Reads off elements that leave the record what that means; `orphans` are shared elements that go with them.
  mutating func release(_ elements: [Element], orphans: [Element]) {
    released += elements.accepts.map(\.address)
    ports += elements.recordedPorts.map(\.name)
    // With an element of `bridges` that of `isolated_bridges` goes too.
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

  /// Adds what of a hint no attachment is recorded with: upstream's plugin may have added it for the owner.
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
