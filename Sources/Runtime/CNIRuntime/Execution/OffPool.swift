// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import OS

/// Runs what blocks on a thread of its own, because Swift's pool has only one thread for each processor. Where there can be no more
/// threads, it runs here.
func offPool<T: Sendable, E: Error>(_ body: @escaping @Sendable () throws(E) -> T) async throws(E) -> T {
  let outcome = await withCheckedContinuation { continuation in
    let work: @Sendable () -> Void = {
      let outcome = Result { () throws(E) in try body() }
      continuation.resume(returning: outcome)
    }
    do {
      try startThread(work)
    } catch {
      work()
    }
  }
  return try outcome.get()
}
