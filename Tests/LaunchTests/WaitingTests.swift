// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import TestSupport
import Testing

@testable import Launch

// Signals are caught for the rest of a process's life: the kernel tests of cnitool send them to a process of its own.
@Suite("waiting") struct WaitingTests {
  @Test("a body's value is returned, without a signal")
  func value() async throws {
    // It blocks its thread, which must be none of those that the body may need.
    let waited = try await onOwnThread {
      try waitFor(cancelledBy: nil) { () async -> Int in
        await Task.yield()
        return 42
      }
    }
    #expect(waited.value == 42 && waited.signal == nil)
  }
}
