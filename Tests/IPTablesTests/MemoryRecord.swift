// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI
import IPTables
import OwnTable
import Netlink
import Rules

/// A record of attachments in memory, for tests: it reports changes to companions as our own table does.
final class MemoryRecord: FirewallRecord {
  fileprivate struct Entry {
    let owner: CNI.Attachment
    /// Without the accepts that another attachment has taken over.
    var request: ForwardFilterRequest
    let usesLegacyTables: Bool

    var addresses: [IPAddress] { request.accepts.map(\.address) }
    var isolation: Isolation? { request.isolations.first }
    var port: String? { request.recordedPorts.first ?? isolation?.port }
  }

  private var attachments: [Entry] = []
  /// The error that every operation throws; nil if it succeeds.
  var failure: CNIError?
  /// The ports of each bridge.
  var ports: [String: [String]] = [:]
  private(set) var changes: [RecordChange] = []

  /// The owners with records.
  var owners: [CNI.Attachment] { attachments.map(\.owner) }

  func apply(_ request: ForwardFilterRequest) throws(CNIError) -> AppliedChange { try apply(request, joining: nil) }

  func apply(
    _ wanted: ForwardFilterRequest, joining companion: (any BatchCompanion)?
  ) throws(CNIError) -> AppliedChange {
    try check()
    let before = attachments
    let (after, takeovers) = replacing(with: wanted)
    var change = RecordChange(kind: .add, owner: wanted.attachment)
    change.claimed = wanted.accepts.map(\.address)
    change.isolation = wanted.isolations.first.map { Isolation(bridge: $0.bridge, $0.kind) }
    change.leave(from: before, to: after)
    try make(change, after, companion)
    let applied = AppliedChange(takeovers: takeovers) { () throws(CNIError) in
      try self.undo(wanted.attachment, to: before, companion)
    }
    try applied.including { () throws(CNIError) in try companion?.recordChanged(change) }
    return applied
  }

  private func replacing(with wanted: ForwardFilterRequest) -> (after: [Entry], takeovers: [Takeover]) {
    var after = attachments.filter { $0.owner != wanted.attachment }
    var takeovers: [Takeover] = []
    let claimed = wanted.accepts.map(\.address)
    for index in after.indices {
      for address in after[index].addresses where claimed.contains(address) {
        takeovers.append(Takeover(of: "\(address)", previous: "\(after[index].owner)"))
      }
      after[index].request.accepts.removeAll { claimed.contains($0.address) }
    }
    if !wanted.isEmpty {
      // Rules that a former ADD has written to legacy tables stay until DEL.
      let usedLegacy = attachments.contains { $0.owner == wanted.attachment && $0.usesLegacyTables }
      after.append(
        Entry(
          owner: wanted.attachment, request: wanted, usesLegacyTables: usedLegacy || wanted.usesLegacyTables))
    }
    return (after, takeovers)
  }

  private func undo(_ owner: CNI.Attachment, to before: [Entry], _ companion: (any BatchCompanion)?) throws(CNIError) {
    let now = attachments.first { $0.owner == owner }
    let former = before.first { $0.owner == owner }
    var change = RecordChange(kind: .undo, owner: owner)
    change.claimed = (former?.addresses ?? []).filter { !(now?.addresses.contains($0) ?? false) }
    change.isolation = former?.isolation.flatMap { $0.restored(from: now?.isolation) }
    change.leave(from: attachments, to: before)
    try make(change, before, companion)
    try companion?.recordChanged(change)
  }

  func remove(_ hint: ForwardFilterRequest) throws(CNIError) {
    try check()
    attachments.removeAll { $0.owner == hint.attachment }
  }

  func remove(_ hint: ForwardFilterRequest, joining companion: any BatchCompanion) throws(CNIError) {
    try check()
    let owner = hint.attachment
    let after = attachments.filter { $0.owner != owner }
    var change = RecordChange(kind: .remove, owner: owner)
    change.leave(from: attachments, to: after)
    change.wasRecorded = !change.released.isEmpty
    change.usesLegacyTables = attachments.contains { $0.owner == owner && $0.usesLegacyTables }
    let recorded = attachments.flatMap(\.addresses)
    change.released += hint.accepts.map(\.address).filter { !recorded.contains($0) }
    for bridge in hint.isolations.map(\.bridge) where !attachments.contains(where: { $0.isolation?.bridge == bridge }) {
      if !change.freed.contains(where: { $0.bridge == bridge }) {
        change.freed.append(Isolation(bridge: bridge, .sameBridge))
      }
    }
    try make(change, after, companion)
  }

  /// Changes the record after the companion has seen the former state.
  private func make(
    _ change: RecordChange, _ after: [Entry], _ companion: (any BatchCompanion)?
  ) throws(CNIError) {
    changes.append(change)
    var refusal: CNIError?
    do throws(NetlinkError) {
      if case .failure(let error)? = try companion?.messages(for: change) { refusal = error }
    } catch {
      refusal = CNIError(.kernelRefused, "\(error)")
    }
    if let refusal { throw refusal }
    attachments = after
  }

  private func check() throws(CNIError) { if let failure { throw failure } }
}

// MARK: - The present state

extension MemoryRecord {
  func removeAll(
    ofNetwork network: String, sparing valid: Set<AttachmentID>, first body: ([ForwardAccept]) throws(CNIError) -> Void
  ) throws(CNIError) {
    try check()
    try body(attachments.filter { $0.owner.isStale(network, valid) }.flatMap(\.request.accepts))
    attachments.removeAll { $0.owner.isStale(network, valid) }
  }

  func verify(_ wanted: ForwardFilterRequest) throws(CNIError) -> [String] {
    try check()
    var problems: [String] = []
    let own = attachments.first { $0.owner == wanted.attachment }
    for accept in wanted.accepts {
      let holder = attachments.first { $0.addresses.contains(accept.address) }
      if holder == nil { problems.append("the accept of \(accept.address) is missing") }
      if let holder, holder.owner != wanted.attachment {
        problems.append("the accept of \(accept.address) belongs to \(holder.owner)")
      }
    }
    for isolation in wanted.isolations where own?.isolation != isolation {
      problems.append("the isolation of \(isolation.bridge) is missing")
    }
    return problems
  }

  func record(
    _ hint: ForwardFilterRequest, orBy better: () -> ForwardFilterRequest?
  ) throws(CNIError) -> AttachmentRecord? {
    if failure?.code == .notAvailable { return nil }
    try check()
    let own = attachments.first { $0.owner == hint.attachment }
    let ports = (own?.request.isolations ?? []).compactMap { isolation in
      isolation.port.map { RecordedPort(name: $0, isIsolated: isolation.kind == .isolated) }
    }
    return AttachmentRecord(accepts: own?.request.accepts ?? [], ports: ports)
  }

  func hasAccepts() throws(CNIError) -> Bool {
    try check()
    return attachments.contains { !$0.addresses.isEmpty }
  }

  func hasRules(of owner: CNI.Attachment) throws(CNIError) -> Bool {
    try check()
    return owners.contains(owner)
  }

  func isAccepted(_ address: IPAddress) throws(CNIError) -> Bool {
    try check()
    return attachments.contains { $0.addresses.contains(address) }
  }

  func unexplained(_ addresses: [IPAddress]) throws(CNIError) -> [IPAddress] {
    try check()
    let living = ports.values.flatMap { $0 }
    let explained = attachments.filter { $0.port.map(living.contains) ?? false }.flatMap(\.addresses)
    return addresses.filter { !explained.contains($0) }
  }

  func isIsolated(_ bridge: String) throws(CNIError) -> Bool {
    try check()
    return attachments.contains { $0.isolation?.bridge == bridge }
  }

  func unrecordedPorts(on bridge: String) throws(CNIError) -> [String] {
    try check()
    let recorded = attachments.compactMap(\.port)
    return (ports[bridge] ?? []).filter { !recorded.contains($0) }
  }

  func probe() throws(CNIError) { try check() }
}

extension Isolation {
  /// The part of it that an undone change of another request has to write again; nil if that change has removed nothing.
  fileprivate func restored(from other: Isolation?) -> Isolation? {
    if other?.bridge != bridge { return self }
    return kind == .isolated && other?.kind == .sameBridge ? self : nil
  }
}

extension CNI.Attachment {
  fileprivate func isStale(_ network: String, _ valid: Set<AttachmentID>) -> Bool {
    self.network == network && !valid.contains(AttachmentID(containerID: containerID, interface: interface))
  }
}

extension RecordChange {
  /// Reports the parts that no attachment has any more.
  fileprivate mutating func leave(from before: [MemoryRecord.Entry], to after: [MemoryRecord.Entry]) {
    let kept = after.flatMap(\.addresses)
    released = before.flatMap(\.addresses).filter { !kept.contains($0) }
    let (was, stays) = (before.compactMap(\.isolation), after.compactMap(\.isolation))
    ports = was.compactMap(\.port).filter { port in !stays.contains { $0.port == port } }
    for isolation in was {
      let left = stays.filter { $0.bridge == isolation.bridge }
      if freed.contains(where: { $0.bridge == isolation.bridge }) { continue }
      if left.isEmpty {
        freed.append(Isolation(bridge: isolation.bridge, .sameBridge))
      } else if isolation.kind == .isolated, !left.contains(where: { $0.kind == .isolated }) {
        freed.append(Isolation(bridge: isolation.bridge, .isolated))
      }
    }
  }
}
