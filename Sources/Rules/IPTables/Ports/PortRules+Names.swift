// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI
import Digest

/// How the rules of attachments are named.
extension PortRules {
  static let chainPrefix = "CNI-DN-"

  /// Upstream's chain of a network and a container, whichever of its interfaces it is for.
  static func sharedChain(_ owner: Attachment) -> String { chainPrefix + hash(owner.network + owner.containerID) }

  /// The second chain that old versions of upstream had.
  static func formerChain(_ owner: Attachment) -> String { "CNI-SN-" + hash(owner.network + owner.containerID) }

  /// The chain of an attachment that no other has.
  static func ownChain(_ owner: Attachment) -> String { chainPrefix + hash(owner.description) }

  /// The chain of an attachment where nothing says otherwise (see ``PortAttachment``).
  static func chain(_ owner: Attachment) -> String { owner.interface == "eth0" ? sharedChain(owner) : ownChain(owner) }

  private static func hash(_ text: String) -> String { String(sha512(text).prefix(21)) }

  /// What the entries of upstream's chain have as their comment.
  static func sharedComment(_ owner: Attachment) -> String {
    cut("dnat name: \"\(owner.network)\" id: \"\(owner.containerID)\"")
  }

  /// What the attachment's entries have: upstream's comment, and with a chain of its own the interface where it is not `eth0`.
  var comment: String {
    let owner = attachment.owner
    if owner.interface == "eth0" || chain == Self.sharedChain(owner) { return Self.sharedComment(owner) }
    return Self.cut("dnat name: \"\(owner.network)\" id: \"\(owner.containerID)\" if: \"\(owner.interface)\"")
  }

  /// The beginning of the comments of a network's attachments; nil if others may have the same.
  static func commentPrefix(network: String) -> String? {
    let prefix = "dnat name: \"\(network)\""
    return prefix.utf8.count <= cutLength ? prefix : nil
  }

  /// Upstream cuts what is longer than the kernel's field and adds three dots, of which the last has no room there.
  private static func cut(_ text: String) -> String {
    text.utf8.count <= 255 ? text : String(decoding: text.utf8.prefix(cutLength), as: UTF8.self) + ".."
  }

  private static let cutLength = 253
}
