// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI

/// All that an attachment asks of how this host forwards its packets.
package struct ForwardFilterRequest: Equatable, Sendable {
  package let attachment: Attachment
  /// The addresses whose packets are let through.
  package var accepts: [ForwardAccept] = []
  /// Who does not reach the container. A hint may have several, of which one holds.
  package var isolations: [Isolation] = []
  /// What the container does not reach.
  package var restrictions: [Restriction] = []
  /// The sources whose packets are dropped that belong to no connection, as are those to them.
  package var untracked: [PacketSource] = []
  /// Host's ends of the container's veth, which are recorded so that they can be told from those of other plugins' containers.
  package var recordedPorts: [String] = []
  /// The bit of the fwmark, 0…31, that packets which our own table accepts carry until all chains at the forward hook have seen
  /// them; nil for none.
  package var acceptMarkBit: Int?
  /// Whether there are rules of the attachment in tables of iptables-legacy too, where it costs much to look for them.
  package var usesLegacyTables = false

  package init(_ attachment: Attachment) { self.attachment = attachment }
}

extension ForwardFilterRequest {
  /// Adds what another asks for.
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

/// A way to filter what this host forwards. Every operation is atomic and may be repeated.
package protocol ForwardFilter {
  /// Makes exactly this hold for the attachment.
  func apply(_ request: ForwardFilterRequest) throws(CNIError) -> AppliedChange
  /// What of the request does not hold, in words; nothing is changed.
  func verify(_ request: ForwardFilterRequest) throws(CNIError) -> [String]
  /// Throws the reason why this kernel could not filter now.
  func probe() throws(CNIError)
}

/// A filter that removes what its attachments have.
package protocol RemovingForwardFilter: ForwardFilter {
  /// Removes all that the hint's attachment has. The hint says what that may be: if it is all of it, the cost does not depend on
  /// what others have.
  func remove(_ hint: ForwardFilterRequest) throws(CNIError)
  /// Removes all that this network's attachments have, but for those of the list. Before that `body` is given the accepts
  /// among it; if it throws, they stay.
  func removeAll(
    ofNetwork network: String, sparing valid: Set<AttachmentID>, first body: ([ForwardAccept]) throws(CNIError) -> Void
  ) throws(CNIError)
}

/// A filter that knows whose an accepted address is; where the kernel has nothing to record it in, `removeAll` throws
/// `notAvailable`.
package protocol AttachmentRecorder: RemovingForwardFilter {
  /// What the hint's attachment is recorded with; the hint says what that may be. Nil where the kernel has nothing to record it in.
  func record(_ hint: ForwardFilterRequest) throws(CNIError) -> AttachmentRecord?
  /// Whether any attachment is accepted with an address.
  func hasAccepts() throws(CNIError) -> Bool
  /// Whether an attachment has anything.
  func hasRules(of attachment: Attachment) throws(CNIError) -> Bool
}

/// A filter that puts addresses into zones, and has a record of which.
package protocol ZoneFilter: ForwardFilter {
  /// Takes addresses out of their zones: those of accepts that a record has told, and others that may be in this filter's zone.
  func leaveZones(_ accepts: [ForwardAccept], unrecorded: [IPAddress]) throws(CNIError)
}

/// What an attachment has in our own table, as far as it matters elsewhere.
package struct AttachmentRecord: Equatable, Sendable {
  package let accepts: [ForwardAccept]
  package let ports: [RecordedPort]
  /// The addresses of the hint that no attachment is recorded with.
  package let unrecorded: [IPAddress]

  package init(accepts: [ForwardAccept] = [], ports: [RecordedPort] = [], unrecorded: [IPAddress] = []) {
    self.accepts = accepts
    self.ports = ports
    self.unrecorded = unrecorded
  }
}
