// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Dispatch
import Glibc
import OS
import Synchronization

/// A thread for the steps of one operation, which may block on it: Swift's pool has only one thread for each processor.
package final class OperationThread: TaskExecutor {
  private let jobs = Mutex<[UnownedJob]>([])
  /// Counts the jobs, and after them the end.
  private let wakeups = DispatchSemaphore(value: 0)

  /// Starts the thread; throws if there can be no more threads.
  package init() throws(SystemError) {
    try startThread { [self] in
      _ = unsafe pthread_setspecific(Self.mark, UnsafeRawPointer(bitPattern: 1))
      runJobs()
    }
  }

  /// Ends the thread after the jobs that it has; no task may prefer it afterwards.
  package func end() { wakeups.signal() }

  package func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    jobs.withLock { $0.append(job) }
    wakeups.signal()
  }

  private func runJobs() {
    while true {
      wakeups.wait()
      guard let job = jobs.withLock({ $0.isEmpty ? nil : $0.removeFirst() }) else { return }
      unsafe job.runSynchronously(on: asUnownedTaskExecutor())
    }
  }

  /// The key of what only these threads have.
  private static let mark: pthread_key_t = {
    var key = pthread_key_t()
    unsafe pthread_key_create(&key, nil)
    return key
  }()

  /// Whether the calling thread is one of these.
  package static var isCurrent: Bool { unsafe pthread_getspecific(mark) != nil }
}

/// Runs an operation on a thread of its own, unless it is on one; where there can be no more threads, it runs here.
package func onOperationThread<T: Sendable, E: Error>(
  _ body: () async throws(E) -> T
) async throws(E) -> T {
  guard !OperationThread.isCurrent, let thread = try? OperationThread() else { return try await body() }
  defer { thread.end() }
  return try await withTaskExecutorPreference(thread) { () async throws(E) in try await body() }
}
