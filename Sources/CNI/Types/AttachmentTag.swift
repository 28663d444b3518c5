// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Digest

/// The text that marks an attachment's objects in the kernel: `network/containerID/interface`, with long parts shortened; at most 109
/// bytes, without spaces.
package struct AttachmentTag: Hashable, Sendable {
  package let text: String

  /// A tag that was read from the kernel.
  package init(text: String) { self.text = text }

  package init(_ attachment: Attachment) {
    let interface = attachment.interface.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f && $0 != UInt8(ascii: "\"") }
    // A name that nft cannot read within quotation marks is replaced by its hash.
    let name = interface ? attachment.interface : "~" + sha512(attachment.interface).prefix(14)
    text = "\(Self.network(attachment.network))/\(shortened(attachment.containerID, to: 64))/\(name)"
  }

  /// Whether an interface's alias is the tag of another attachment. What is no tag says nothing of whose the interface is.
  package func isContradicted(by alias: String?) -> Bool {
    guard let alias, alias != text else { return false }
    let parts = alias.split(separator: "/", omittingEmptySubsequences: false)
    return parts.count == 3 && !parts.contains("") && alias.utf8.allSatisfy { $0 > 0x20 }
  }

  /// The network's name as it is in the tag.
  package var network: String { String(text.prefix { $0 != "/" }) }

  /// The container's ID as it is in the tag.
  package var containerID: Substring { text.drop { $0 != "/" }.dropFirst().prefix { $0 != "/" } }

  /// The interface's name as it is in the tag.
  package var interface: Substring { containerID.isEmpty ? "" : text[containerID.endIndex...].dropFirst() }

  /// The tags of a network's attachments.
  package static func all(_ valid: Set<AttachmentID>, ofNetwork name: String) -> Set<AttachmentTag> {
    Set(valid.map { AttachmentTag($0.attachment(to: name)) })
  }

  /// The prefix of all tags in a network.
  package static func prefix(ofNetwork name: String) -> String { network(name) + "/" }

  private static func network(_ name: String) -> String { shortened(name, to: 28) }
}
