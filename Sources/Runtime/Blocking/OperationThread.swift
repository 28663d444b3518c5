// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Dispatch
import Glibc
import OS
import Synchronization

/// A thread for the steps of one operation, which may block on it: Swift's pool has only one thread for each processor. What others have
/// written does not run on it, as it may count on threads that are free: see ``onPool(_:)``.
package final class OperationThread: TaskExecutor {
  private let jobs = Mutex<[UnownedJob]>([])
  /// Counts the jobs, and after them the end.
  private let wakeups = DispatchSemaphore(value: 0)

  /// Starts the thread; throws if there can be no more threads.
  package init() throws(SystemError) {
    try startThread { [self] in
      unsafe pthread_setspecific(Self.key, Unmanaged.passUnretained(self).toOpaque())
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

  /// Under which each of these threads has itself.
  private static let key: pthread_key_t = {
    var key = pthread_key_t()
    unsafe pthread_key_create(&key, nil)
    return key
  }()

  /// The thread of the current task, if it runs on it. An actor can bring another task to this thread, which may not block it.
  package static var current: OperationThread? {
    guard let pointer = unsafe pthread_getspecific(key) else { return nil }
    let thread = unsafe Unmanaged<OperationThread>.fromOpaque(pointer).takeUnretainedValue()
    let isPreferred = unsafe withUnsafeCurrentTask { task in
      unsafe task?.unownedTaskExecutor == thread.asUnownedTaskExecutor()
    }
    return isPreferred ? thread : nil
  }
}

/// Runs an operation on a thread of its own, unless it is on one; where there can be no more threads, it runs here.
package func onOperationThread<T: Sendable, E: Error>(
  _ body: () async throws(E) -> T
) async throws(E) -> T {
  guard OperationThread.current == nil, let thread = try? OperationThread() else { return try await body() }
  defer { thread.end() }
  return try await withTaskExecutorPreference(thread) { () async throws(E) in try await body() }
}

/// Runs, in Swift's pool, what may await anything.
package func onPool<T: Sendable, E: Error>(_ body: () async throws(E) -> T) async throws(E) -> T {
  if OperationThread.current == nil { return try await body() }
  return try await withTaskExecutorPreference(globalConcurrentExecutor) { () async throws(E) in try await body() }
}

/// Runs something to its end although the task is cancelled, where the task runs.
package func uncancelled<T: Sendable>(_ body: @escaping @Sendable () async -> T) async -> T {
  await Task(executorPreference: OperationThread.current) { await body() }.value
}

/// Lets time pass. On an operation's thread no timer is needed, for which there may be no descriptor left.
package func pause(milliseconds: Int) async {
  await offPool { pause(microseconds: UInt32(clamping: milliseconds * 1000)) }
}
