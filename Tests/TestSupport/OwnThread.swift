// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Glibc
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

/// Runs `body` on a new detached thread.
package func startThread(_ body: @escaping @Sendable () -> Void) throws {
  let work = Unmanaged.passRetained(Work(body))
  var thread = pthread_t()
  let failure = pthread_create(
    &thread, nil,
    { argument in
      Unmanaged<Work>.fromOpaque(argument.unsafelyUnwrapped).takeRetainedValue().run()
      return nil
    }, work.toOpaque())
  if failure != 0 {
    work.release()
    throw SystemError("start a thread", number: failure)
  }
  pthread_detach(thread)
}

private final class Work {
  let run: () -> Void

  init(_ run: @escaping () -> Void) { self.run = run }
}
