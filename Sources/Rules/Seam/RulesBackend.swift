// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI

/// A kernel's way to make rules hold. Every operation is atomic and may be repeated; it throws code 50, `notAvailable`, where the kernel
/// does not have what would hold rules or a record of them.
package protocol RulesBackend {
  /// Makes the owner have exactly these rules, then calls `completion`; what it throws undoes the change. Returns what
  /// was taken over.
  func apply(
    _ wanted: OwnedRules, onConflict: ConflictPolicy, then completion: () throws(CNIError) -> Void
  ) throws(CNIError) -> [Takeover]
  /// What of these rules is missing or different, in words; nothing is changed.
  func verify(_ wanted: OwnedRules) throws(CNIError) -> [String]
  /// Removes all that the owner has. `hint` and `ports` are what it may have: if they are all of it, the cost does not
  /// depend on what others have. Returns the forwards that hold no more, those of the hint included that did not hold
  /// before, and one perhaps twice; no packet begins a flow by those of transports without connections when this returns.
  func remove(_ owner: Attachment, hint: [Rule], ports: [HostPort]) throws(CNIError) -> [PortForward]
  /// Removes all that this network's attachments have, but for those of the list; returns as `remove` does.
  func removeAll(ofNetwork network: String, sparing valid: Set<AttachmentID>) throws(CNIError) -> [PortForward]
  /// Throws the reason why this kernel could not apply rules now.
  func probe() throws(CNIError)
}

/// A backend that forwards ports.
package protocol PortForwardingBackend: RulesBackend, LocalhostGuard {
  /// Where connections to each of these host ports go, also by a rule for every address; nil where no rule sends them
  /// anywhere. All are looked up at once, whatever their number.
  func destinations(of ports: [HostPort]) throws(CNIError) -> [Endpoint?]
  /// Whether it costs much to look for other attachments of a container.
  var looksForAttachmentsSlowly: Bool { get }
  /// Publishes nothing on these addresses, which are local to this host but others', unless a mapping names one.
  func spare(_ addresses: [IPAddress]) throws(CNIError)
}

extension PortForwardingBackend {
  package var looksForAttachmentsSlowly: Bool { false }
}

/// What lets connections from 127.0.0.0/8 in, and nothing else with it: `route_localnet` of an interface is set by the plugin,
/// and the backend drops what would come in by it. That an interface is guarded says that the plugin has set it.
package protocol LocalhostGuard {
  /// Drops packets with addresses of 127.0.0.0/8 that come by an interface.
  func guardLocalhost(on interface: String) throws(CNIError)
  /// The interfaces that are guarded.
  func guardedInterfaces() throws(CNIError) -> [String]
  /// Ends the guard of an interface; returns false, and does not, if connections from localhost lead to a container `isBehind` it.
  func endGuard(of interface: String, unlessReached isBehind: (IPAddress) -> Bool) throws(CNIError) -> Bool
  /// Whether a guarded interface has to be so for a container whose address `isBehind` it; nil if it is not guarded.
  func isGuardNeeded(on interface: String, where isBehind: (IPAddress) -> Bool) throws(CNIError) -> Bool?
  /// Former versions guarded all interfaces at once: guards those that `open` lists instead, and returns true, if it finds that.
  func replaceFormerGuard(by open: () throws(CNIError) -> [String]) throws(CNIError) -> Bool
  /// Whether connections from localhost lead to a container whose address `isBehind` an interface.
  func isReachedFromLocalhost(where isBehind: (IPAddress) -> Bool) throws(CNIError) -> Bool
}

/// A backend that lets others see to the addresses whose accepts a GC removes.
package protocol AcceptCollectingBackend: RulesBackend {
  /// Removes all that this network's attachments have, but for those of the list. Before that `body` is given the accepts
  /// among it; if it throws, they stay.
  func removeAll(
    ofNetwork network: String, sparing valid: Set<AttachmentID>, first body: ([ForwardAccept]) throws(CNIError) -> Void
  ) throws(CNIError)
}

/// A backend that knows whose an accepted address is.
package protocol AddressOwningBackend: AcceptCollectingBackend {
  /// What an attachment is recorded with; `hint` is what that may be. Nil where the kernel has nothing to record it in.
  func attachmentRecord(of owner: Attachment, hint: [Rule]) throws(CNIError) -> AttachmentRecord?
  /// Whether any attachment is accepted with an address.
  func hasAccepts() throws(CNIError) -> Bool
  /// Whether an owner has anything.
  func hasRules(of owner: Attachment) throws(CNIError) -> Bool
  /// The accepts that an owner has, and those of the hint whose address nobody has.
  func accepts(of owner: Attachment, hint: [Rule]) throws(CNIError) -> [ForwardAccept]
}

/// A backend that puts addresses into zones, and has a record of which.
package protocol ZoneBackend: RulesBackend {
  /// Takes an attachment's addresses out of their zones; the record stays.
  func leaveZones(of owner: Attachment, hint: [Rule]) throws(CNIError)
  /// Takes the addresses of accepts that a record has told out of their zones.
  func leaveZones(_ accepts: [ForwardAccept]) throws(CNIError)
}

/// What an attachment has in our own table, as far as it matters elsewhere.
package struct AttachmentRecord: Equatable, Sendable {
  package let accepts: [ForwardAccept]
  package let ports: [RecordedPort]

  package init(accepts: [ForwardAccept], ports: [RecordedPort]) {
    self.accepts = accepts
    self.ports = ports
  }
}

/// What becomes of what another owner has: a host port, or an address.
package enum ConflictPolicy: String, CaseIterable, Sendable {
  /// The last write wins.
  case replace
  case error
}

/// Something that had another owner.
package struct Takeover: Equatable, Sendable {
  /// A host port or an address, as a person reads it.
  package let subject: String
  /// The owner that it had.
  package let previous: String

  package init(of subject: String, previous: String) {
    self.subject = subject
    self.previous = previous
  }
}
