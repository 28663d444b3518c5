// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Blocking
import JSON
import OS

extension NetworkRuntime {
  /// Removes what no valid attachment of a network owns: deletes the attachments of the cache that are not in `valid`, and those that were
  /// interrupted while they were made (``ResultCache/interrupted()``), with the network's configuration of now and the arguments of then, and
  /// from 1.1.0 on calls GC of each plugin. Plugins get a namespace only if it can still be the container's
  /// (``CachedAttachment/currentNamespace``).
  ///
  /// An empty list means that no attachment is valid: everything is removed. Goes on after errors, and reports them all. Does nothing if
  /// the network disables GC.
  ///
  /// It waits for the calls of ADD and DEL that are running, and those that come wait for it. What was attached after the list had been made
  /// is deleted: see ``collectGarbage(_:keeping:)``.
  public func collectGarbage(_ network: NetworkList, valid: [AttachmentID]) async throws(RuntimeError) {
    let kept = Set(valid)
    try await collectGarbage(network, valid) { kept.contains($0.attachment.id) }
  }

  /// The same with the attachments of the cache for which `isValid` is true, which is asked while no ADD or DEL of the network runs.
  public func collectGarbage(
    _ network: NetworkList, keeping isValid: @escaping @Sendable (CachedAttachment) -> Bool
  ) async throws(RuntimeError) {
    try await collectGarbage(network, [], isValid)
  }

  private func collectGarbage(
    _ network: NetworkList, _ named: [AttachmentID], _ isValid: @escaping @Sendable (CachedAttachment) -> Bool
  ) async throws(RuntimeError) {
    if network.disablesGC { return }
    try await withNetworkLock(network) { (lock) async throws(RuntimeError) in
      try await collectGarbage(network, named, isValid, lock)
    }
  }

  private func collectGarbage(
    _ network: NetworkList, _ named: [AttachmentID], _ isValid: @escaping @Sendable (CachedAttachment) -> Bool,
    _ lock: FileLock?
  ) async throws(RuntimeError) {
    var failures: [RuntimeError] = []
    let cache = cache
    let (kept, stale, beingMade) = try await offPool { () throws(RuntimeError) in
      cache.removeOrphans()
      // First, as a plugin whose caller was killed may end meanwhile.
      let beingMade = cache.beingMade(in: network.name)
      let (made, interrupted) = (try cache.attachments(), try cache.interrupted())
      let all = (made + interrupted).filter { $0.network == network.name }
      return (all.filter(isValid), all.filter { !isValid($0) }, beingMade)
    }
    for entry in stale where !beingMade.contains(entry.attachment.id) {
      do throws(RuntimeError) {
        try await deleteWithNetworkLock(network, entry.forDeletion)
      } catch {
        failures.append(error.within("failed to delete stale attachment \(entry.attachment.id)"))
      }
      if Task.isCancelled { throw RuntimeError(.cancelled, verb: .collectGarbage, others: failures) }
    }
    if let version = network.version, version >= .firstWithGC {
      var valid: [AttachmentID] = []
      for id in named + kept.map(\.attachment.id) + beingMade where !valid.contains(id) { valid.append(id) }
      failures += await callGC(network, valid, lock)
    }
    if let failure = RuntimeError.joining(failures) { throw failure }
  }

  private func callGC(
    _ network: NetworkList, _ valid: [AttachmentID], _ lock: FileLock?
  ) async -> [RuntimeError] {
    let list = JSON.array(
      valid.map { id in
        .object(JSONObject(["containerID": .string(id.containerID), "ifname": .string(id.interface)]))
      })
    // The specification once had the second name.
    let members = JSONObject(["cni.dev/valid-attachments": list, "cni.dev/attachments": list])
    var failures: [RuntimeError] = []
    for plugin in network.plugins {
      if Task.isCancelled {
        failures.append(RuntimeError(.cancelled, verb: .collectGarbage))
        break
      }
      do throws(RuntimeError) {
        var request = PluginRequest(plugin, .collectGarbage, of: network, adding: members)
        request.lock = lock
        _ = try await call(request)
      } catch {
        failures.append(error.within("failed to GC plugin \(plugin.type)"))
      }
    }
    return failures
  }
}

extension RuntimeError {
  /// The same error of a larger operation.
  fileprivate func within(_ context: String) -> RuntimeError {
    var error = self
    error.context = self.context.isEmpty ? context : "\(context): \(self.context)"
    return error
  }
}
