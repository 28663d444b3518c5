// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

/// An attachment of a container to a network: the owner of what a plugin writes.
package struct Attachment: Hashable, Sendable, CustomStringConvertible {
  package let network: String
  package let containerID: String
  /// The interface's name in the container.
  package let interface: String

  package init(network: String, containerID: String, interface: String) {
    self.network = network
    self.containerID = containerID
    self.interface = interface
  }

  /// The same without the network.
  package var id: AttachmentID { AttachmentID(containerID: containerID, interface: interface) }

  /// `network/containerID/interface`; none of the three can contain a slash.
  package var description: String { "\(network)/\(containerID)/\(interface)" }
}

/// An entry of GC's list of valid attachments (CNI specification, "GC").
package struct AttachmentID: Hashable, Sendable {
  package let containerID: String
  package let interface: String

  package init(containerID: String, interface: String) {
    self.containerID = containerID
    self.interface = interface
  }

  /// The attachment with this ID in a network.
  package func attachment(to network: String) -> Attachment {
    Attachment(network: network, containerID: containerID, interface: interface)
  }
}
