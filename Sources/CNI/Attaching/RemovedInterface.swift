// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI
import Netlink

/// An interface that GC has removed from a container that keeps others of the network. Upstream's rules do not name the interface that they
/// are for: only its addresses tell them from those of the others.
package struct RemovedInterface {
  package let attachment: Attachment
  package let addresses: [Prefix]

  /// The IDs of the containers that keep interfaces, by the IDs that are in tags.
  static func containers(_ valid: Set<AttachmentID>, _ network: String) -> [Substring: String] {
    let pairs = valid.map { (AttachmentTag($0.attachment(to: network)).containerID, $0.containerID) }
    return Dictionary(pairs) { first, _ in first }
  }

  /// Reads the addresses by the host's end of the veth, which is there still; nil if they cannot be told, or if the container is none of
  /// these.
  init?(_ end: Link, of network: String, _ containers: [Substring: String], _ routes: borrowing RouteSocket) {
    let tag = AttachmentTag(text: end.attributes.alias ?? "")
    guard let containerID = containers[tag.containerID] else { return nil }
    attachment = Attachment(network: network, containerID: containerID, interface: String(tag.interface))
    addresses = (try? routes.containerAddresses(of: end)) ?? []
    if addresses.isEmpty { return nil }
  }
}
