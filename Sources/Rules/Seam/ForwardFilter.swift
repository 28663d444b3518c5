// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI

/// The rules for forwarded packets that an attachment asks for.
package struct ForwardFilterRequest: Equatable, Sendable {
  package let attachment: Attachment
  /// The addresses whose packets are accepted.
  package var accepts: [ForwardAccept] = []
  /// The isolation of the container's bridge. A hint may have several, of which at most one holds.
  package var isolations: [Isolation] = []
  /// The destinations that the container does not reach.
  package var restrictions: [Restriction] = []
  /// The container's sources: packets of conntrack state invalid from them and to them are dropped.
  package var untracked: [PacketSource] = []
  /// Host ends of the container's veth; recorded ports can be told from those of containers that other plugins have added.
  package var recordedPorts: [String] = []
  /// The bit of the fwmark, 0…31, that is set in packets which our own table accepts, until all base chains at the forward hook
  /// have seen them; nil for none.
  package var acceptMarkBit: Int?
  /// Whether the attachment also has rules in tables of iptables-legacy, where searching is expensive.
  package var usesLegacyTables = false

  package init(_ attachment: Attachment) { self.attachment = attachment }
}

extension ForwardFilterRequest {
  /// Adds everything that another request asks for.
  package mutating func add(_ other: ForwardFilterRequest) {
    accepts += other.accepts
    isolations += other.isolations
    restrictions += other.restrictions
    untracked += other.untracked
    recordedPorts += other.recordedPorts
    acceptMarkBit = acceptMarkBit ?? other.acceptMarkBit
  }

  /// Whether nothing is asked for.
  package var isEmpty: Bool {
    accepts.isEmpty && isolations.isEmpty && restrictions.isEmpty && untracked.isEmpty && recordedPorts.isEmpty
      && acceptMarkBit == nil
  }

  /// The addresses of a family that are accepted.
  package func addresses(_ family: AddressFamily) -> [IPAddress] {
    accepts.map(\.address).filter { $0.family == family }
  }
}

/// A backend that filters forwarded packets. Every operation is atomic and may be repeated.
package protocol ForwardFilter {
  /// Makes the attachment have exactly the rules of the request.
  func apply(_ request: ForwardFilterRequest) throws(CNIError) -> AppliedChange
  /// Describes what of the request does not hold; nothing is changed.
  func verify(_ request: ForwardFilterRequest) throws(CNIError) -> [String]
  /// Throws the reason why this kernel could not filter now.
  func probe() throws(CNIError)
}

/// A filter that can remove the rules of its attachments.
package protocol RemovingForwardFilter: ForwardFilter {
  /// Removes all rules of the hint's attachment. The hint lists what these may be: if it lists all of them, the cost does not
  /// depend on the rules of other attachments.
  func remove(_ hint: ForwardFilterRequest) throws(CNIError)
  /// Removes all rules of this network's attachments, except those of the list. `body` is given their accepts before; if it
  /// throws, the rules stay.
  func removeAll(
    ofNetwork network: String, sparing valid: Set<AttachmentID>, first body: ([ForwardAccept]) throws(CNIError) -> Void
  ) throws(CNIError)
}

/// A filter that records the owners of accepted addresses; `removeAll` throws `notAvailable` where the kernel has no table for
/// these records.
package protocol AttachmentRecorder: RemovingForwardFilter {
  /// The record of the hint's attachment; the hint lists what it may contain. Nil where the kernel has no table for records. `better`
  /// returns another hint to try before all records are read, if the attachment has more than the first lists.
  func record(
    _ hint: ForwardFilterRequest, orBy better: () -> ForwardFilterRequest?
  ) throws(CNIError) -> AttachmentRecord?
  /// Whether any accept of any attachment is recorded.
  func hasAccepts() throws(CNIError) -> Bool
  /// Whether the attachment has any rule.
  func hasRules(of attachment: Attachment) throws(CNIError) -> Bool
}

extension AttachmentRecorder {
  /// The same where there is no better hint.
  package func record(_ hint: ForwardFilterRequest) throws(CNIError) -> AttachmentRecord? {
    try record(hint) { nil }
  }
}

/// A filter that puts addresses into zones of firewalld, and records which.
package protocol ZoneFilter: ForwardFilter {
  /// Removes addresses from their zones: those of recorded accepts, and unrecorded ones that may be in this filter's zone.
  func leaveZones(_ accepts: [ForwardAccept], unrecorded: [IPAddress]) throws(CNIError)
}

/// The part of an attachment's record in our own table that other backends need.
package struct AttachmentRecord: Equatable, Sendable {
  package let accepts: [ForwardAccept]
  package let ports: [RecordedPort]
  /// The addresses of the hint that are recorded for no attachment.
  package let unrecorded: [IPAddress]

  package init(accepts: [ForwardAccept] = [], ports: [RecordedPort] = [], unrecorded: [IPAddress] = []) {
    self.accepts = accepts
    self.ports = ports
    self.unrecorded = unrecorded
  }
}
