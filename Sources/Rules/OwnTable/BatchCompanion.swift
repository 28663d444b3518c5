// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI
import NFTables
import Netlink
import Rules

/// Rules elsewhere that follow what our own table records: those of iptables' tables. What of them is in nf_tables goes into the
/// batch that changes the record.
package protocol BatchCompanion: AnyObject {
  /// The messages that make the rules follow a change of the record, computed anew for each attempt; a removal has no later
  /// step, so that what is in no nf_tables is removed here, before the record. Throws what may pass in another attempt.
  func messages(for change: RecordChange) throws(NetlinkError) -> CompanionMessages
  /// The batch was refused: what was read before may be there no more.
  func batchFailed(_ error: NetlinkError)
  /// The record has been changed by an ADD, or an ADD has been undone: time for what is in no nf_tables.
  func recordChanged(_ change: RecordChange) throws(CNIError)
}

/// What a companion has for a batch.
package enum CompanionMessages {
  case messages([NetlinkMessage])
  /// Another attempt would fail too.
  case refused(CNIError)
}

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
    released += elements.compactMap { Layout.accept($0)?.address }
    ports += elements.compactMap { Layout.port($0)?.name }
    // With an element of `bridges` that of `isolated_bridges` goes too.
    for (set, kind) in [(Part.bridges, Isolation.Kind.sameBridge), (Part.isolatedBridges, .isolated)] {
      for element in orphans where element.id.set == set.name {
        let bridge = element.id.key[...].text
        if !freed.contains(where: { $0.bridge == bridge }) { freed.append(Isolation(bridge: bridge, kind)) }
      }
    }
  }
}
