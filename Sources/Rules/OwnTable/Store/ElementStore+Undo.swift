// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI
import NFTables
import Netlink
import Rules

extension ElementStore {
  /// Restores the elements that a change removed, except where others have added some since.
  func undo(
    _ change: Change, _ wanted: AttachmentElements, _ companion: (any BatchCompanion)?
  ) throws(CNIError) {
    let record = try Self.transaction("undo the rules of \(wanted.attachment)", companion) {
      (session) throws(NetlinkError) -> Result<RecordChange, CNIError> in
      let ids = ElementIDs((change.removed + change.added).map(\.id))
      let snapshot = try session.read(elements: ids.list)
      let ours = change.added.filter { snapshot.elements[$0.id]?.element == $0 }
      let free = ids.subtracting(snapshot.elements.ids).union(ours.map(\.id))
      let orphans = try self.orphans(of: ours, session)
      let restored = change.removed.filter { free.contains($0.id) }
      let sets = Set(restored.map(\.id.set))
      let members = sets.filter { SharedElement.shared(byMembersOf: $0, in: self.feature) != nil }

      var record = RecordChange(kind: .undo, owner: wanted.attachment)
      let former = restored.filter { $0.owner == wanted.tag }
      record.claimed = former.accepts.map(\.address)
      record.isolation = former.isolation
      let restoredIDs = ElementIDs(restored.map(\.id))
      record.release(ours.filter { !restoredIDs.contains($0.id) }, orphans: orphans.elements)
      let companions: [NetlinkMessage]
      switch try companion?.messages(for: record) ?? .success([]) {
      case .failure(let error): return .failure(error)
      case .success(let messages): companions = messages
      }
      let ports = try Self.restore(wanted.tag, change.ports.queues, session)
      let messages =
        Table.own.delete(ours + orphans.elements + ports.removed)
        + members.map { Table.own.create(Feature.interfaceSet($0)) }
        + Table.own.add(restored + ports.added, exclusively: true)
        + orphans.sets.filter { !sets.contains($0) }.map { Table.own.delete(set: $0) } + companions
      if !messages.isEmpty { try session.commit(messages, generation: snapshot.generation) }
      return .success(record)
    }
    try companion?.recordChanged(record)
  }
}
