// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Glibc

/// Runs `body` on a new detached thread; throws, and does not run it, if there can be no more threads.
package func startThread(_ body: @escaping @Sendable () -> Void) throws(SystemError) {
  let work = unsafe Unmanaged.passRetained(Work(body))
  var thread = pthread_t()
  let failure = unsafe pthread_create(
    &thread, nil,
    { argument in
      if let argument = unsafe argument { unsafe Unmanaged<Work>.fromOpaque(argument).takeRetainedValue().run() }
      return nil
    }, work.toOpaque())
  if failure != 0 {
    unsafe work.release()
    throw SystemError("start a thread", number: failure)
  }
  pthread_detach(thread)
}

private final class Work {
  let run: () -> Void

  init(_ run: @escaping () -> Void) { self.run = run }
}
