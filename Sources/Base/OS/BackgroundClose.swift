// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CLinux
import Glibc

/// Makes the kernel close a socket in the background whose closing waits for an RCU grace period, ten to twenty milliseconds. Close `number`
/// first and the returned descriptor last; nil if no Unix socket can be made, and closing waits then.
///
/// The socket is sent into the queue of a Unix socket that is in the same queue: when this process has closed both, nothing refers to them,
/// and the kernel's garbage collector for Unix sockets closes them (net/unix/garbage.c), in a thread of its own since Linux 6.9. Older kernels
/// collect at once, so that this process waits after all.
package func closeInBackground(_ number: Int32) -> FileDescriptor? {
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
