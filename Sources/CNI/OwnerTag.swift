// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Digest

/// An owner as it stands beside what it owns in the kernel: `network/containerID/interface`, each part shortened where
/// it would not fit, at most 109 bytes without a space.
package struct OwnerTag: Hashable, Sendable {
  package let text: String

  /// Takes a tag that was read.
  package init(text: String) { self.text = text }

  package init(_ owner: Owner) {
    let interface = owner.interface.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f && $0 != UInt8(ascii: "\"") }
    // What nft could not read in quotation marks is told by its hash.
    let name = interface ? owner.interface : "~" + sha512(owner.interface).prefix(14)
    text = "\(Self.network(owner.network))/\(shortened(owner.containerID, to: 64))/\(name)"
  }

  /// The network's name as it stands there.
  package var network: String { String(text.prefix { $0 != "/" }) }

  /// The container's ID as it stands there.
  package var containerID: Substring { text.drop { $0 != "/" }.dropFirst().prefix { $0 != "/" } }

  /// The tags of a network's attachments.
  package static func all(_ valid: Set<Attachment>, ofNetwork name: String) -> Set<OwnerTag> {
    Set(valid.map { OwnerTag(Owner(network: name, containerID: $0.containerID, interface: $0.interface)) })
  }

  /// The beginning of every owner's tag in a network.
  package static func prefix(ofNetwork name: String) -> String { network(name) + "/" }

  private static func network(_ name: String) -> String { shortened(name, to: 28) }
}
