// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CLinux
import Glibc

/// Lets one thread end what another waits for.
package final class Cancellation: Sendable {
  /// Readable once it is cancelled (eventfd(2)).
  private let event: FileDescriptor

  package init() throws(SystemError) {
    event = FileDescriptor(owning: try systemCall("make an eventfd") { cni_eventfd() })
  }

  package func cancel() {
    // It can only fail after 2⁶⁴ − 2 of them.
    try? event.writeAll([1, 0, 0, 0, 0, 0, 0, 0])
  }

  /// What poll(2) waits for.
  var descriptor: Int32 { event.number }
}
