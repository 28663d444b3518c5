// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Glibc
import OS
import Synchronization
import Testing

@Suite struct ThreadTests {
  @Test("a body runs on another thread, once")
  func runs() async throws {
    let own = UInt(pthread_self())
    let other = try await withCheckedThrowingContinuation { continuation in
      do {
        try startThread { continuation.resume(returning: UInt(pthread_self())) }
      } catch {
        continuation.resume(throwing: error)
      }
    }
    #expect(other != own)
  }
}
