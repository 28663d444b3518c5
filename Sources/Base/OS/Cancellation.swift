// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CLinux
import Glibc

/// Lets one thread cancel what another one waits for.
package final class Cancellation: Sendable {
  /// Readable once it is cancelled (eventfd(2)).
  private let event: FileDescriptor

  package init() throws(SystemError) {
    event = FileDescriptor(owning: try systemCall("make an eventfd") { cni_eventfd() })
  }

  package func cancel() {
    // Writing 1 fails only when the counter reaches 2⁶⁴ − 2.
    try? event.writeAll([1, 0, 0, 0, 0, 0, 0, 0])
  }

  /// The descriptor for poll(2).
  var descriptor: Int32 { event.number }
}
