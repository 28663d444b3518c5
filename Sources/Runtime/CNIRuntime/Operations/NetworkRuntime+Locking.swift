// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Blocking
import OS

extension NetworkRuntime {
  /// Runs `body`, an ADD or DEL, on a thread of its own, with the attachment's lock, and while no GC of the network runs. ADD needs the locks,
  /// and the folder of the cache for them; DEL goes on where there can be none.
  func withLocks<T: Sendable>(
    _ network: NetworkList, _ id: AttachmentID, for verb: Verb, _ body: (FileLock?) async throws(RuntimeError) -> T
  ) async throws(RuntimeError) -> T {
    try await onOperationThread { () async throws(RuntimeError) in
      let (cache, name) = (cache, network.name)
      return try await holding(network, for: verb, "network \(name)") { () throws(SystemError) in
        try cache.trySharedNetworkLock(name)
      } release: {
        cache.release($0, of: .calls, name)
      } _: { (_) async throws(RuntimeError) in
        try await withLock(network, id, for: verb, body)
      }
    }
  }

  /// Runs `body`, a GC, on a thread of its own, while no other call for the network runs. Calls that come wait from now on, so that those that
  /// are running come to an end. `body` gets the lock that keeps them out, for the plugins' programs.
  func withNetworkLock<T: Sendable>(
    _ network: NetworkList, _ body: (FileLock?) async throws(RuntimeError) -> T
  ) async throws(RuntimeError) -> T {
    try await onOperationThread { () async throws(RuntimeError) in
      let (cache, name) = (cache, network.name)
      return try await holding(network, for: .collectGarbage, "network \(name)") { () throws(SystemError) in
        try cache.tryNetworkLock(.entry, name)
      } release: {
        cache.release($0, of: .entry, name)
      } _: { (entry) async throws(RuntimeError) in
        try await holding(network, for: .collectGarbage, "network \(name)") { () throws(SystemError) in
          try cache.tryNetworkLock(.calls, name)
        } release: {
          cache.release($0, of: .calls, name)
        } _: { (_) async throws(RuntimeError) in
          try await body(entry)
        }
      }
    }
  }

  /// Runs `body` with the attachment's lock.
  func withLock<T: Sendable>(
    _ network: NetworkList, _ id: AttachmentID, for verb: Verb, _ body: (FileLock?) async throws(RuntimeError) -> T
  ) async throws(RuntimeError) -> T {
    let cache = cache
    return try await holding(network, for: verb, "\(id) in network \(network.name)") { () throws(SystemError) in
      try cache.tryLock(network.name, id)
    } release: {
      cache.removeUnusedLock(network.name, id)
      // Whoever keeps a call does not keep the lock.
      $0.unlock()
    } _: { (lock) async throws(RuntimeError) in
      try await body(lock)
    }
  }

  /// Runs `body` with a lock that `attempt` takes as soon as others give it up, and `release` gives up.
  private func holding<T: Sendable>(
    _ network: NetworkList, for verb: Verb, _ what: String,
    _ attempt: @escaping @Sendable () throws(SystemError) -> FileLock?,
    release: @escaping @Sendable (FileLock) -> Void, _ body: (FileLock?) async throws(RuntimeError) -> T
  ) async throws(RuntimeError) -> T {
    let lock = try await acquire(network, for: verb, what, attempt)
    let outcome: Result<T, RuntimeError>
    do {
      outcome = .success(try await body(lock))
    } catch {
      outcome = .failure(error)
    }
    if let lock { await offPool { release(lock) } }
    return try outcome.get()
  }

  /// Takes a lock, as soon as others give it up; nil where there can be none and the verb does without.
  private func acquire(
    _ network: NetworkList, for verb: Verb, _ what: String,
    _ attempt: @escaping @Sendable () throws(SystemError) -> FileLock?
  ) async throws(RuntimeError) -> FileLock? {
    let deadline = ContinuousClock.now + options.lockTimeout
    var milliseconds = 1
    while true {
      switch await offPool({ Result { () throws(SystemError) in try attempt() } }) {
      case .success(let lock?): return lock
      case .success(nil): break
      case .failure(let error):
        if verb != .add { return nil }
        let context = "failed to set network \(network.name.inGoQuotes) cached result"
        throw RuntimeError(.cache("\(error)"), verb: verb, context: context)
      }
      if Task.isCancelled { throw RuntimeError(.cancelled, verb: verb) }
      if ContinuousClock.now >= deadline {
        let limit = options.lockTimeout.formatted
        throw RuntimeError(.busy("another call for \(what) did not end within \(limit)"), verb: verb)
      }
      await pause(milliseconds: milliseconds)
      milliseconds = min(milliseconds * 2, 10)
    }
  }
}
