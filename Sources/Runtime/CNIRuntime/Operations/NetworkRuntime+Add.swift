// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Blocking
import JSON
import OS

extension NetworkRuntime {
  /// Attaches a container to a network: calls ADD of each plugin in order, and writes the attachment to the cache.
  ///
  /// If it fails, or if the task is cancelled, the plugins that were called are undone by DEL in reverse order, and the error tells what
  /// could not be undone. That is left out if the attachment was in the cache before: DEL would remove what works. What is neither made nor
  /// undone, as when this process is killed, is left to ``collectGarbage(_:valid:)``.
  public func add(_ network: NetworkList, _ attachment: Attachment) async throws(RuntimeError) -> AttachmentResult {
    try validate(network, attachment, for: .add)
    for plugin in network.plugins { try find(PluginRequest(plugin, .add, of: network, for: attachment, previous: nil)) }
    return try await withLocks(network, attachment.id, for: .add) { (lock) async throws(RuntimeError) in
      let cache = cache
      let isNew = await offPool { cache.isNew(network, attachment.id) }
      var progress = Progress(lock: lock, isNew: isNew)
      do throws(RuntimeError) {
        return try await add(network, attachment, &progress)
      } catch {
        var failure = error
        failure.rollback = isNew ? await undo(progress, network, attachment) : [Self.left]
        throw failure
      }
    }
  }

  /// How far an ADD has come.
  private struct Progress: Sendable {
    let lock: FileLock?
    /// Whether there was no such attachment before.
    let isNew: Bool
    /// The plugins that were called, the last of which may have failed.
    var called: [PluginConfiguration] = []
    /// The result of the last one that succeeded.
    var last: AttachmentResult?
  }

  private func add(
    _ network: NetworkList, _ attachment: Attachment, _ progress: inout Progress
  ) async throws(RuntimeError) -> AttachmentResult {
    for plugin in network.plugins {
      if Task.isCancelled { throw RuntimeError(.cancelled, verb: .add) }
      if progress.isNew, progress.called.isEmpty {
        try await inCache(network) { (cache) throws(SystemError) in try cache.begin(network, attachment) }
      }
      progress.called.append(plugin)
      var request = PluginRequest(plugin, .add, of: network, for: attachment, previous: progress.last?.json)
      request.lock = progress.lock
      progress.last = try await result(of: request, implied: network.cniVersion)
    }
    if Task.isCancelled { throw RuntimeError(.cancelled, verb: .add) }
    guard let result = progress.last else { throw RuntimeError(.failed("no plugins in list"), verb: .add) }
    try await inCache(network) { (cache) throws(SystemError) in try cache.write(network, attachment, result) }
    return result
  }

  private func result(of request: PluginRequest, implied: String) async throws(RuntimeError) -> AttachmentResult {
    let output = try await call(request)
    do {
      return try AttachmentResult(printed: output, implied: implied)
    } catch {
      throw request.failure(.invalidResult("\(error)"))
    }
  }

  private func inCache(
    _ network: NetworkList, _ body: @escaping @Sendable (ResultCache) throws(SystemError) -> Void
  ) async throws(RuntimeError) {
    let cache = cache
    do throws(SystemError) {
      try await offPool { () throws(SystemError) in try body(cache) }
    } catch {
      let context = "failed to set network \(network.name.inGoQuotes) cached result"
      throw RuntimeError(.cache("\(error)"), verb: .add, context: context)
    }
  }

  /// Calls DEL of the plugins in reverse order, whether or not the task is cancelled; returns what failed. If nothing did, there is no
  /// such attachment, and so no file in the cache, neither of a boot before.
  private func undo(
    _ progress: Progress, _ network: NetworkList, _ attachment: Attachment
  ) async -> [RuntimeError] {
    let previous = network.hasPreviousResultInDelete ? progress.last?.json(in: network.cniVersion) : nil
    return await uncancelled {
      var failures: [RuntimeError] = []
      for plugin in progress.called.reversed() {
        var request = PluginRequest(plugin, .delete, of: network, for: attachment, previous: previous)
        request.isRollback = true
        request.lock = progress.lock
        do throws(RuntimeError) {
          _ = try await call(request)
        } catch {
          failures.append(error)
        }
      }
      if failures.isEmpty, !progress.called.isEmpty {
        let cache = cache
        await offPool { _ = try? cache.remove(network.name, attachment.id) }
      }
      return failures
    }
  }

  private static let left = RuntimeError(
    .failed("left out, because the attachment was there before this call: delete it to remove both"))
}
