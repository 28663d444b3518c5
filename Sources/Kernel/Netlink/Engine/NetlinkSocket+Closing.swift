// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CLinux
import Glibc
import OS
import Synchronization

/// Whether this process has deleted something of nf_tables.
private let hasDeleted = Atomic(false)

extension NetlinkSocket {
  /// Says that something was deleted, and that a socket which is closed from now on may have to wait for it.
  package static func recordDeletion() { hasDeleted.store(true, ordering: .relaxed) }

  /// Whether to close a socket of netfilter takes an RCU grace period, ten to twenty milliseconds: it waits, with the ruleset's
  /// mutex held, until what was deleted before is freed (nft_rcv_nl_event in net/netfilter/nf_tables_api.c).
  static var closeBlocksOnRCU: Bool { hasDeleted.load(ordering: .relaxed) }

  /// Has a descriptor that is about to be closed be closed without that wait, before the one that is answered. The rules do not
  /// hold any more by then, and nobody needs to wait for memory.
  ///
  /// The file goes into the queue of a local socket that is in that queue itself: once this process has closed them nobody can take
  /// them out, and the kernel's collector of such garbage closes both (net/unix/garbage.c), in a thread of its own since Linux 6.9.
  /// Older kernels collect at once, and it is this process that waits, as it does where there can be no such socket.
  static func deferClose(_ number: Int32) -> FileDescriptor? {
    var pair: [Int32] = [-1, -1]
    guard unsafe socketpair(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0, &pair) == 0 else {
      return nil
    }
    let sender = FileDescriptor(owning: pair[0])
    let queue = FileDescriptor(owning: pair[1])
    _ = cni_send_descriptors(sender.number, number, queue.number)
    // The collector looks when a local socket is closed, and by then there must be something for it.
    return sender
  }
}
