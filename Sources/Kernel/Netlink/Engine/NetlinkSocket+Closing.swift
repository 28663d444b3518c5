// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Synchronization

/// Whether this process has deleted nf_tables objects.
private let hasDeleted = Atomic(false)

extension NetlinkSocket {
  /// Records that nf_tables objects were deleted: closing a socket may block from now on.
  package static func recordDeletion() { hasDeleted.store(true, ordering: .relaxed) }

  /// Whether closing a netfilter socket blocks for an RCU grace period, ten to twenty milliseconds: the kernel waits, holding the
  /// ruleset's mutex, until deleted objects are freed (nft_rcv_nl_event in net/netfilter/nf_tables_api.c).
  static var closeBlocksOnRCU: Bool { hasDeleted.load(ordering: .relaxed) }
}
