// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import OS

/// Runs what blocks: on the operation's thread, or else on one of its own. Where there can be no more threads, it runs here.
package func offPool<T: Sendable, E: Error>(
  _ body: @escaping @Sendable () throws(E) -> T
) async throws(E) -> T {
  if OperationThread.current != nil { return try body() }
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
