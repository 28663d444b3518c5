// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Blocking
import CNI
import OS

extension NetworkRuntime {
  /// Throws if the names cannot be passed to plugins, or be part of a file's name in the cache.
  func validate(_ network: NetworkList, _ attachment: Attachment, for verb: Verb) throws(RuntimeError) {
    if let reason = Self.fault(network, attachment) ?? (verb == .add ? Self.fault(attachment.arguments) : nil) {
      throw RuntimeError(.invalidAttachment(reason), verb: verb)
    }
  }

  private static func fault(_ network: NetworkList, _ attachment: Attachment) -> String? {
    let (id, interface) = (attachment.containerID, attachment.interface)
    // It would end the variable.
    if attachment.namespace?.utf8.contains(0) == true { return "the path of the network namespace has a NUL" }
    if id.isEmpty || interface.isEmpty {
      let names = [network.name, id, interface].map(\.inGoQuotes)
      return
        "cache file path requires network name (\(names[0])), container ID (\(names[1])), and interface name (\(names[2]))"
    }
    if !isIdentifier(id) { return "invalid characters in containerID; \(id.inGoQuotes): \(identifierRule)" }
    if isInterfaceName(interface) { return nil }
    if interface.utf8.count > 15 { return "interface name is too long; \(interface.inGoQuotes): at most 15 bytes" }
    if interface == "." || interface == ".." { return "interface name is . or .." }
    return "interface name contains / or : or % or whitespace characters; \(interface.inGoQuotes)"
  }

  private static func fault(_ arguments: [Attachment.Argument]) -> String? {
    for pair in arguments
    where pair.name.isEmpty || pair.name.contains("=")
      || "\(pair.name)\(pair.value)".contains(where: { ";\0".contains($0) })
    {
      let text = "\(pair.name)=\(pair.value)".inGoQuotes
      return "invalid CNI_ARGS pair \(text); a name without = and ;, and a value without ; and NUL"
    }
    return nil
  }

  /// Runs `body` on a thread of its own while GC of the network waits, and with the attachment's lock. ADD needs the locks, and the folder of
  /// the cache for them; DEL goes on where there can be none.
  func withLocks<T: Sendable>(
    _ network: NetworkList, _ id: AttachmentID, for verb: Verb, _ body: (FileLock?) async throws(RuntimeError) -> T
  ) async throws(RuntimeError) -> T {
    try await onOperationThread { () async throws(RuntimeError) in
      try await withNetworkLock(network, for: verb, isShared: true) { (_) async throws(RuntimeError) in
        try await withLock(network, id, for: verb, body)
      }
    }
  }

  /// Runs `body` with the network's lock, which calls that share it can have at once.
  func withNetworkLock<T: Sendable>(
    _ network: NetworkList, for verb: Verb, isShared: Bool, _ body: (FileLock?) async throws(RuntimeError) -> T
  ) async throws(RuntimeError) -> T {
    let cache = cache
    let lock = try await acquire(network, for: verb, "network \(network.name)") { () throws(SystemError) in
      try cache.tryNetworkLock(network.name, isShared: isShared)
    }
    let outcome = await result { () async throws(RuntimeError) in try await body(lock) }
    if let lock { await offPool { cache.releaseNetworkLock(network.name, lock) } }
    return try outcome.get()
  }

  /// Runs `body` with the attachment's lock.
  func withLock<T: Sendable>(
    _ network: NetworkList, _ id: AttachmentID, for verb: Verb, _ body: (FileLock?) async throws(RuntimeError) -> T
  ) async throws(RuntimeError) -> T {
    let cache = cache
    let lock = try await acquire(network, for: verb, "\(id) in network \(network.name)") { () throws(SystemError) in
      try cache.tryLock(network.name, id)
    }
    let outcome = await result { () async throws(RuntimeError) in try await body(lock) }
    if let lock {
      await offPool {
        cache.removeUnusedLock(network.name, id)
        // Whoever keeps a call does not keep the lock.
        lock.unlock()
      }
    }
    return try outcome.get()
  }

  private func result<T>(_ body: () async throws(RuntimeError) -> T) async -> Result<T, RuntimeError> {
    do {
      return .success(try await body())
    } catch {
      return .failure(error)
    }
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
