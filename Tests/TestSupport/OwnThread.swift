// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import OS

/// Runs a slow body on its own thread, because Swift's concurrency pool has only one thread per processor.
package func onOwnThread<T: Sendable>(_ body: @escaping @Sendable () throws -> T) async throws -> T {
  try await withCheckedThrowingContinuation { continuation in
    do {
      try startThread { continuation.resume(with: Result { try body() }) }
    } catch {
      continuation.resume(throwing: error)
    }
  }
}
