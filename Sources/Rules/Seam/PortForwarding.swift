// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI

/// A port forward: connections to a host port go to `destination`.
package struct PortForward: Hashable, Sendable {
  /// Has the destination's family and protocol.
  package let hostPort: HostPort
  package let destination: Endpoint
  /// Conditions that a connection must meet; nil for none.
  package let conditions: Conditions?
  /// The networks, without host part, whose connections are masqueraded; a prefix of length 0 stands for all sources.
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

/// All host ports that an attachment asks for.
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

/// A backend that forwards host ports to containers. Every operation is atomic and may be repeated.
package protocol PortForwarder: LocalhostGuard {
  /// Makes exactly these host ports lead to the attachment.
  func apply(_ request: PortForwardingRequest, onConflict: ConflictPolicy) throws(CNIError) -> AppliedChange
  /// Describes the forwards that are missing or different; nothing is changed.
  func verify(_ request: PortForwardingRequest) throws(CNIError) -> [String]
  /// Removes all forwards to the hint's attachment. The hint and `ports` list what these may be: if they list all of them, the
  /// cost does not depend on other attachments. Returns the removed forwards, with those of the hint that were already gone; one
  /// may be there twice. When this returns, no packet begins a flow by a removed UDP or SCTP forward.
  func remove(_ hint: PortForwardingRequest, ports: [HostPort]) throws(CNIError) -> [PortForward]
  /// Removes all forwards to this network's attachments, except those of the list; returns as `remove` does.
  func removeAll(ofNetwork network: String, sparing valid: Set<AttachmentID>) throws(CNIError) -> [PortForward]
  /// Throws the reason why this kernel could not forward ports now.
  func probe() throws(CNIError)
  /// The destination of connections to each of these host ports, also by a forward for every address; nil where there is none.
  /// All are looked up at once, whatever their number.
  func destinations(of ports: [HostPort]) throws(CNIError) -> [Endpoint?]
  /// Whether it is expensive to look for other attachments of a container.
  var looksForAttachmentsSlowly: Bool { get }
  /// Exempts addresses of services, which are local to this host, from forwards that name no host address.
  func spare(_ addresses: [IPAddress]) throws(CNIError)
}

extension PortForwarder {
  package var looksForAttachmentsSlowly: Bool { false }
}
