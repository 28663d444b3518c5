// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Blocking
import Glibc
import OS
import Synchronization
import Testing

@Suite struct OperationThreadTests {
  private final class Counter: Sendable {
    let count = Atomic<Int>(0)
  }

  private static func thread() -> pthread_t { pthread_self() }

  @Test("all steps of an operation run on one thread, also what blocks, and after a pause")
  func oneThread() async throws {
    #expect(OperationThread.current == nil)
    let threads = await onOperationThread { () async -> [pthread_t] in
      var threads = [Self.thread()]
      threads.append(await offPool { Self.thread() })
      try? await Task.sleep(for: .milliseconds(1))
      threads.append(Self.thread())
      threads.append(await onOperationThread { () async in Self.thread() })
      threads.append(await offPool { Self.thread() })
      return threads
    }
    #expect(Set(threads).count == 1 && threads.count == 5)
    #expect(OperationThread.current == nil)
  }

  @Test("operations block at once, however few threads Swift's pool has")
  func crowd() async {
    let arrived = Counter()
    let met = await withTaskGroup(of: Bool.self) { group in
      for _ in 0..<40 {
        group.addTask {
          await onOperationThread { () async -> Bool in
            arrived.count.add(1, ordering: .relaxed)
            // Each waits for all the others, without giving its thread away.
            for _ in 0..<6000 where arrived.count.load(ordering: .relaxed) < 40 { usleep(10_000) }
            return arrived.count.load(ordering: .relaxed) == 40
          }
        }
      }
      return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
    }
    #expect(met == 40)
  }

  @Test("an operation's error is its own")
  func error() async {
    await #expect(throws: SystemError("find it", number: ENOENT)) {
      try await onOperationThread { () async throws(SystemError) in throw SystemError("find it", number: ENOENT) }
    }
  }

  @Test("a thread ends after the jobs that it has")
  func end() async throws {
    weak var thread: OperationThread?
    try await {
      let own = try OperationThread()
      thread = own
      #expect(await withTaskExecutorPreference(own) { () async in OperationThread.current != nil })
      own.end()
    }()
    for _ in 0..<6000 where thread != nil { try await Task.sleep(for: .milliseconds(10)) }
    #expect(thread == nil)
  }
}
