// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI
import NFTables
import Netlink
import Rules

/// Masquerades by elements of our own table.
package struct NFTablesMasquerade: Masquerader {
  private let expiry: UInt64

  /// How long an element lives that is to go, in milliseconds; see `ElementStore.expiry`.
  package init(expiry: UInt64 = 1) { self.expiry = expiry }

  private var store: ElementStore { ElementStore(.masquerade, expiry: expiry) }

  package func apply(_ request: MasqueradeRequest) throws(CNIError) -> AppliedChange {
    try store.apply(AttachmentElements(masquerading: request.sources, of: request.attachment))
  }

  package func verify(_ request: MasqueradeRequest) throws(CNIError) -> [String] {
    try store.verify(AttachmentElements(masquerading: request.sources, of: request.attachment))
  }

  /// Whether upstream's plugin has added what the request asks for, to a table of its own.
  package func isMasqueradedByUpstream(_ request: MasqueradeRequest) throws(CNIError) -> Bool {
    try UpstreamMasquerade.holds(request)
  }

  /// Also removes what upstream's plugin has added for the attachment to a table of its own. Throws `notAvailable` where the kernel has
  /// no nf_tables.
  package func remove(_ hint: MasqueradeHint) throws(CNIError) {
    _ = try store.remove(AttachmentElements(masquerading: hint.sources, of: hint.attachment))
  }

  /// Also removes what upstream's plugin has added for such attachments to a table of its own. Throws `notAvailable` where the kernel
  /// has no nf_tables.
  package func removeAll(ofNetwork network: String, sparing valid: Set<AttachmentID>) throws(CNIError) {
    _ = try store.removeAll(ofNetwork: network, sparing: valid) { _ in }
    try UpstreamMasquerade.removeAll(ofNetwork: network, sparing: valid)
  }

  package func probe() throws(CNIError) { try store.probe() }
}
