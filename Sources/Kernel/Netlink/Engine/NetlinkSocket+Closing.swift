// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CLinux
import Glibc
import OS
import Synchronization

/// Whether this process has deleted nf_tables objects.
private let hasDeleted = Atomic(false)

extension NetlinkSocket {
  /// Records that nf_tables objects were deleted: closing a socket may block from now on.
  package static func recordDeletion() { hasDeleted.store(true, ordering: .relaxed) }

  /// Whether closing a netfilter socket blocks for an RCU grace period, ten to twenty milliseconds: the kernel waits, holding the
  /// ruleset's mutex, until deleted objects are freed (nft_rcv_nl_event in net/netfilter/nf_tables_api.c).
  static var closeBlocksOnRCU: Bool { hasDeleted.load(ordering: .relaxed) }

  /// Makes the kernel close a netfilter socket in the background. Close `number` first and the returned descriptor last. The rules are
  /// gone by then; only their memory is not freed yet.
  ///
  /// The socket is sent into the queue of a Unix socket that is in the same queue: when this process has closed both, nothing refers
  /// to them, and the kernel's garbage collector for Unix sockets closes them (net/unix/garbage.c), in a thread of its own since Linux
  /// 6.9. Older kernels collect at once, so that this process waits after all; it also waits if no Unix socket can be made.
  static func deferClose(_ number: Int32) -> FileDescriptor? {
    var pair: [Int32] = [-1, -1]
    guard unsafe socketpair(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0, &pair) == 0 else {
      return nil
    }
    let sender = FileDescriptor(owning: pair[0])
    let queue = FileDescriptor(owning: pair[1])
    _ = cni_send_descriptors(sender.number, number, queue.number)
    // Closing this end starts the collector, which must find the cycle then.
    return sender
  }
}
