// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI

/// What a plugin wants to hold; a backend finds its way to make it hold.
package enum Rule: Hashable, Sendable {
  /// Connections to a port of this host go to a container.
  case forwardPort(PortForward)
  /// Connections that come to a container by a forwarded port take this host's address as their source.
  case masquerade(Masquerade)
  /// A container's packets are let through.
  case acceptForwarded(ForwardAccept)
  /// Some others do not reach the containers on a bridge, but for their published ports.
  case isolate(Isolation)
  /// A container does not reach everything.
  case restrict(Restriction)
  /// Packets to and from a container that belong to no connection are dropped.
  case dropInvalid(PacketSource)
  /// The host's end of the container's veth is recorded, so that it can be told from those of other plugins' containers.
  case recordPort(String)
  /// What our own table accepts carries this bit of the fwmark (0…31) until all chains at the forward hook have seen it.
  case markAccepted(bit: Int)
}

/// Connections to a port of this host, and no others, go to `destination`.
package struct PortForward: Hashable, Sendable {
  /// Of the destination's family and transport.
  package let hostPort: HostPort
  package let destination: Endpoint
  /// What must hold besides; nil if nothing.
  package let conditions: Conditions?

  package init(port: UInt16, on address: IPAddress?, to destination: Endpoint, if conditions: Conditions?) {
    hostPort = HostPort(
      family: destination.address.family, transport: destination.transport, port: port, address: address)
    self.destination = destination
    self.conditions = conditions
  }
}

/// Connections from `source` that a forward of `hostPort` sends to `destination` are masqueraded.
package struct Masquerade: Hashable, Sendable {
  package let hostPort: UInt16
  package let destination: Endpoint
  /// A network, without host part.
  package let source: Prefix

  package init(hostPort: UInt16, destination: Endpoint, source: Prefix) {
    self.hostPort = hostPort
    self.destination = destination
    self.source = source.network
  }
}

/// All that one owner wants to hold, for the plugin that says so.
package struct OwnedRules: Sendable {
  package let owner: Attachment
  package var rules: [Rule]
  /// Whether there are rules of the owner in tables of iptables-legacy too, where it costs much to look for them.
  package var usesLegacyTables = false
  /// Whether the container is known to have no other interface, and so no other attachment.
  package var isOnlyAttachment = false

  package init(owner: Attachment, rules: [Rule]) {
    self.owner = owner
    self.rules = rules
  }
}
