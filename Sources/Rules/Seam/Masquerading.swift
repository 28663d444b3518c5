// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI

/// All that an attachment asks for so that its packets leave this host with the host's address.
package struct MasqueradeRequest: Equatable, Sendable {
  package let attachment: Attachment
  /// The container's addresses, each with the length of its subnet's prefix: packets from exactly this address are masqueraded unless
  /// they go to the same subnet, or to a multicast group (224.0.0.0/4, ff00::/8).
  package let sources: [Prefix]

  package init(_ attachment: Attachment, _ sources: [Prefix]) {
    self.attachment = attachment
    self.sources = sources
  }
}

/// What an attachment may have, for its removal.
package struct MasqueradeHint: Equatable, Sendable {
  package let attachment: Attachment
  /// As in ``MasqueradeRequest``; empty if nothing is known of them, as when the container's namespace is gone.
  package let sources: [Prefix]

  package init(_ attachment: Attachment, _ sources: [Prefix]) {
    self.attachment = attachment
    self.sources = sources
  }
}

/// A way to masquerade what containers send. Every operation is atomic and may be repeated.
package protocol Masquerader {
  /// Makes exactly this hold for the attachment.
  func apply(_ request: MasqueradeRequest) throws(CNIError) -> AppliedChange
  /// What of the request does not hold, in words; nothing is changed.
  func verify(_ request: MasqueradeRequest) throws(CNIError) -> [String]
  /// Removes all that the hint's attachment has. If the hint's sources are all of it, the cost does not depend on what others have.
  /// With rules that do not say which interface they are for, unknown sources are all that the container has in the network.
  func remove(_ hint: MasqueradeHint) throws(CNIError)
  /// Removes all that this network's attachments have, but for those of the list.
  func removeAll(ofNetwork network: String, sparing valid: Set<AttachmentID>) throws(CNIError)
  /// Throws the reason why this kernel could not masquerade now.
  func probe() throws(CNIError)
}

/// The names of ways to masquerade, as `ipMasqBackend` of a configuration has them.
package enum MasqueradeBackend: String, CaseIterable, Sendable { case iptables, nftables }

/// The ways of this host to masquerade.
package protocol MasqueradeBackends {
  /// The one that a configuration names; nil for the host's default.
  func masquerader(_ backend: MasqueradeBackend?) throws(CNIError) -> any Masquerader
  /// What of the request does not hold in the form that the configuration names, in words; nothing if it holds in any other form, upstream's
  /// included: another plugin, or another configuration, may have added the attachment. Nothing is changed.
  func problems(with request: MasqueradeRequest, _ backend: MasqueradeBackend?) throws(CNIError) -> [String]
  /// Removes what the hint's attachment has in any form, upstream's included. Goes on after an error, and throws the last.
  func remove(_ hint: MasqueradeHint) throws(CNIError)
  /// Removes what this network's attachments have in any form, but for those of the list. Goes on after an error, and throws the
  /// last.
  func removeAll(ofNetwork network: String, sparing valid: Set<AttachmentID>) throws(CNIError)
}
