// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI
import Digest

/// The names of chains and the comments of attachments.
extension PortRules {
  static let chainPrefix = "CNI-DN-"

  /// Upstream's name for the chain of a network and a container, whichever of its interfaces it is for.
  static func sharedChain(_ owner: Attachment) -> String { chainPrefix + hash(owner.network + owner.containerID) }

  /// The name of the second chain that old versions of upstream made.
  static func formerChain(_ owner: Attachment) -> String { "CNI-SN-" + hash(owner.network + owner.containerID) }

  /// The name of a chain that only this attachment has.
  static func ownChain(_ owner: Attachment) -> String { chainPrefix + hash(owner.description) }

  /// The name of an attachment's chain unless present rules demand the other one (see ``PortAttachment``).
  static func chain(_ owner: Attachment) -> String { owner.interface == "eth0" ? sharedChain(owner) : ownChain(owner) }

  private static func hash(_ text: String) -> String { String(sha512(text).prefix(21)) }

  /// The comment of the entries to upstream's chain.
  static func sharedComment(_ owner: Attachment) -> String {
    cut("dnat name: \"\(owner.network)\" id: \"\(owner.containerID)\"")
  }

  /// The comment of the attachment's entries: upstream's, with the interface added if the chain is its own and it is not `eth0`.
  var comment: String {
    let owner = attachment.owner
    if owner.interface == "eth0" || chain == Self.sharedChain(owner) { return Self.sharedComment(owner) }
    return Self.cut("dnat name: \"\(owner.network)\" id: \"\(owner.containerID)\" if: \"\(owner.interface)\"")
  }

  /// The prefix of the comments of a network's attachments; nil if other networks may have the same prefix.
  static func commentPrefix(network: String) -> String? {
    let prefix = "dnat name: \"\(network)\""
    return prefix.utf8.count <= cutLength ? prefix : nil
  }

  /// Upstream cuts text that exceeds the kernel's field and adds three dots, of which the last has no room there.
  private static func cut(_ text: String) -> String {
    text.utf8.count <= 255 ? text : String(decoding: text.utf8.prefix(cutLength), as: UTF8.self) + ".."
  }

  private static let cutLength = 253
}
