// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI
import NFTables
import Rules

/// Filters forwarded packets by elements of our own table, whose comments record the owners.
package struct NFTablesFirewall: ForwardFilter {
  private let expiry: UInt64

  /// The timeout of elements that are removed, in milliseconds; see `ElementStore.expiry`.
  package init(expiry: UInt64 = 1) { self.expiry = expiry }

  /// Made when it is needed: a call of VERSION needs nothing of the table.
  var store: ElementStore { ElementStore(.firewall, expiry: expiry) }

  package func apply(_ request: ForwardFilterRequest) throws(CNIError) -> AppliedChange {
    try apply(request, joining: nil)
  }

  /// Like `apply(_:)`, and makes the rules of a companion follow in the same batch.
  package func apply(
    _ request: ForwardFilterRequest, joining companion: (any BatchCompanion)?
  ) throws(CNIError) -> AppliedChange {
    try store.apply(AttachmentElements(request), joining: companion)
  }

  package func verify(_ request: ForwardFilterRequest) throws(CNIError) -> [String] {
    try store.verify(AttachmentElements(request))
  }

  package func remove(_ hint: ForwardFilterRequest) throws(CNIError) {
    _ = try store.remove(AttachmentElements(hint))
  }

  /// Like `remove(_:)`, and makes the rules of a companion follow in the same batch. Throws `notAvailable` where the kernel has
  /// no nf_tables.
  package func remove(_ hint: ForwardFilterRequest, joining companion: any BatchCompanion) throws(CNIError) {
    _ = try store.remove(AttachmentElements(hint), joining: companion)
  }

  package func removeAll(
    ofNetwork network: String, sparing valid: Set<AttachmentID>, first body: ([ForwardAccept]) throws(CNIError) -> Void
  ) throws(CNIError) {
    _ = try store.removeAll(ofNetwork: network, sparing: valid) { (elements) throws(CNIError) in
      try body(elements.accepts)
    }
  }

  package func probe() throws(CNIError) { try store.probe() }
}
