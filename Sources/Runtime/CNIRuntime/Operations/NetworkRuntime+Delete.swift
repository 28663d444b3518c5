// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Blocking
import JSON
import OS

extension NetworkRuntime {
  /// Detaches a container from a network: calls DEL of each plugin in reverse order, with the result that is in the cache, and removes
  /// the attachment from there. Succeeds if there is nothing to delete.
  ///
  /// The first error ends it, unless `continuingAfterErrors` is true: then all plugins are called, and the error has those after the first
  /// in ``RuntimeError/others``. Either way the attachment stays in the cache after an error, so that it can be deleted again.
  public func delete(
    _ network: NetworkList, _ attachment: Attachment, continuingAfterErrors: Bool = false
  ) async throws(RuntimeError) {
    try validate(network, attachment, for: .delete)
    try await withLocks(network, attachment.id, for: .delete) { (lock) async throws(RuntimeError) in
      try await deleteLocked(network, attachment, continuingAfterErrors, lock)
    }
  }

  /// The same with the network's lock held.
  func deleteWithNetworkLock(_ network: NetworkList, _ attachment: Attachment) async throws(RuntimeError) {
    try validate(network, attachment, for: .delete)
    try await withLock(network, attachment.id, for: .delete) { (lock) async throws(RuntimeError) in
      try await deleteLocked(network, attachment, false, lock)
    }
  }

  private func deleteLocked(
    _ network: NetworkList, _ attachment: Attachment, _ continuingAfterErrors: Bool, _ lock: FileLock?
  ) async throws(RuntimeError) {
    let cache = cache
    let previous = network.hasPreviousResultInDelete ? await cachedResult(network, attachment) : nil
    var failures: [RuntimeError] = []
    for plugin in network.plugins.reversed() {
      if Task.isCancelled { failures.append(RuntimeError(.cancelled, verb: .delete)) }
      if let last = failures.last, last.reason == .cancelled || !continuingAfterErrors { break }
      do throws(RuntimeError) {
        var request = PluginRequest(plugin, .delete, of: network, for: attachment, previous: previous)
        request.lock = lock
        _ = try await call(request)
      } catch {
        failures.append(error)
      }
    }
    if let failure = RuntimeError.joining(failures) { throw failure }
    do throws(SystemError) {
      try await offPool { () throws(SystemError) in try cache.remove(network.name, attachment.id) }
    } catch {
      throw RuntimeError(.cache("\(error)"), verb: .delete)
    }
  }

  /// The result that plugins get; nil if there is none, or none that can be used.
  private func cachedResult(_ network: NetworkList, _ attachment: Attachment) async -> JSON? {
    let cache = cache
    guard case .found(let result) = await offPool({ cache.result(network, attachment.id) }) else { return nil }
    return result
  }
}

extension NetworkList {
  /// Whether DEL gets the result of ADD: from 0.4.0 on.
  var hasPreviousResultInDelete: Bool { version.map { $0 >= .firstWithCheck } ?? false }
}
