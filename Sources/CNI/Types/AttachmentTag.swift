// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Digest

/// An attachment as it stands beside what it owns in the kernel: `network/containerID/interface`, each part shortened where
/// it would not fit, at most 109 bytes without a space.
package struct AttachmentTag: Hashable, Sendable {
  package let text: String

  /// Takes a tag that was read.
  package init(text: String) { self.text = text }

  package init(_ attachment: Attachment) {
    let interface = attachment.interface.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f && $0 != UInt8(ascii: "\"") }
    // What nft could not read in quotation marks is told by its hash.
    let name = interface ? attachment.interface : "~" + sha512(attachment.interface).prefix(14)
    text = "\(Self.network(attachment.network))/\(shortened(attachment.containerID, to: 64))/\(name)"
  }

  /// The network's name as it stands there.
  package var network: String { String(text.prefix { $0 != "/" }) }

  /// The container's ID as it stands there.
  package var containerID: Substring { text.drop { $0 != "/" }.dropFirst().prefix { $0 != "/" } }

  /// The tags of a network's attachments.
  package static func all(_ valid: Set<AttachmentID>, ofNetwork name: String) -> Set<AttachmentTag> {
    Set(valid.map { AttachmentTag($0.attachment(to: name)) })
  }

  /// The beginning of every tag in a network.
  package static func prefix(ofNetwork name: String) -> String { network(name) + "/" }

  private static func network(_ name: String) -> String { shortened(name, to: 28) }
}
