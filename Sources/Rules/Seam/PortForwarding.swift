// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI

/// Connections to a port of this host, and no others, go to `destination`.
package struct PortForward: Hashable, Sendable {
  /// Of the destination's family and transport.
  package let hostPort: HostPort
  package let destination: Endpoint
  /// What must hold besides; nil if nothing.
  package let conditions: Conditions?
  /// The networks, without host part, whose connections take this host's address as their source; a default route is
  /// `0.0.0.0/0`.
  package let masqueradedSources: [Prefix]

  package init(
    port: UInt16, on address: IPAddress?, to destination: Endpoint, if conditions: Conditions?,
    masquerading sources: [Prefix] = []
  ) {
    hostPort = HostPort(
      family: destination.address.family, transport: destination.transport, port: port, address: address)
    self.destination = destination
    self.conditions = conditions
    masqueradedSources = sources.map(\.network)
  }
}

/// All the ports of this host that lead to an attachment.
package struct PortForwardingRequest: Equatable, Sendable {
  package let attachment: Attachment
  package let forwards: [PortForward]
  /// Whether the container is known to have no other interface, and so no other attachment.
  package var isOnlyAttachment = false

  package init(_ attachment: Attachment, _ forwards: [PortForward]) {
    self.attachment = attachment
    self.forwards = forwards
  }
}

/// A way to forward ports of this host to containers. Every operation is atomic and may be repeated.
package protocol PortForwarder: LocalhostGuard {
  /// Makes exactly these ports lead to the attachment.
  func apply(_ request: PortForwardingRequest, onConflict: ConflictPolicy) throws(CNIError) -> AppliedChange
  /// What of the forwards is missing or different, in words; nothing is changed.
  func verify(_ request: PortForwardingRequest) throws(CNIError) -> [String]
  /// Removes all forwards to the hint's attachment. The hint and `ports` say what these may be: if they are all of it, the cost does
  /// not depend on what others have. Returns the forwards that hold no more, those of the hint included that did not hold
  /// before, and one perhaps twice; no packet begins a flow by those of transports without connections when this returns.
  func remove(_ hint: PortForwardingRequest, ports: [HostPort]) throws(CNIError) -> [PortForward]
  /// Removes all forwards to this network's attachments, but for those of the list; returns as `remove` does.
  func removeAll(ofNetwork network: String, sparing valid: Set<AttachmentID>) throws(CNIError) -> [PortForward]
  /// Throws the reason why this kernel could not forward ports now.
  func probe() throws(CNIError)
  /// Where connections to each of these host ports go, also by a rule for every address; nil where no rule sends them
  /// anywhere. All are looked up at once, whatever their number.
  func destinations(of ports: [HostPort]) throws(CNIError) -> [Endpoint?]
  /// Whether it costs much to look for other attachments of a container.
  var looksForAttachmentsSlowly: Bool { get }
  /// Publishes nothing on these addresses, which are local to this host but others', unless a mapping names one.
  func spare(_ addresses: [IPAddress]) throws(CNIError)
}

extension PortForwarder {
  package var looksForAttachmentsSlowly: Bool { false }
}
