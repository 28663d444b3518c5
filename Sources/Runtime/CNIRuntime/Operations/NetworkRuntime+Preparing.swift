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
    where pair.name.isEmpty || "\(pair.name)".contains("=") || "\(pair.name)\(pair.value)".contains(";") {
      let text = "\(pair.name)=\(pair.value)".inGoQuotes
      return "invalid CNI_ARGS pair \(text); a name without = and ;, and a value without ;"
    }
    return nil
  }

  /// Runs `body` with the attachment's lock, on a thread of its own. ADD needs the lock, and the folder of the cache for it; DEL goes on
  /// where there can be none.
  func withLock<T: Sendable>(
    _ network: NetworkList, _ id: AttachmentID, for verb: Verb, _ body: (FileLock?) async throws(RuntimeError) -> T
  ) async throws(RuntimeError) -> T {
    try await onOperationThread { () async throws(RuntimeError) in
      try await withLockHere(network, id, for: verb, body)
    }
  }

  private func withLockHere<T: Sendable>(
    _ network: NetworkList, _ id: AttachmentID, for verb: Verb, _ body: (FileLock?) async throws(RuntimeError) -> T
  ) async throws(RuntimeError) -> T {
    let cache = cache
    let lock = try await acquireLock(network, id, for: verb)
    let outcome: Result<T, RuntimeError>
    do {
      outcome = .success(try await body(lock))
    } catch {
      outcome = .failure(error)
    }
    if let lock {
      await offPool {
        cache.removeUnusedLock(network.name, id)
        // Whoever keeps a call does not keep the lock.
        lock.unlock()
      }
    }
    return try outcome.get()
  }

  private func acquireLock(
    _ network: NetworkList, _ id: AttachmentID, for verb: Verb
  ) async throws(RuntimeError) -> FileLock? {
    let cache = cache
    let deadline = ContinuousClock.now + options.lockTimeout
    var milliseconds = 1
    while true {
      let attempt = await offPool { Result { () throws(SystemError) in try cache.tryLock(network.name, id) } }
      switch attempt {
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
        let reason = "another call for \(id) in network \(network.name) did not end within \(limit)"
        throw RuntimeError(.busy(reason), verb: verb)
      }
      try? await Task.sleep(for: .milliseconds(milliseconds))
      milliseconds = min(milliseconds * 2, 20)
    }
  }
}
