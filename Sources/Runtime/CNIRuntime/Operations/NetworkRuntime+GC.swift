// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Blocking
import JSON

extension NetworkRuntime {
  /// Removes what no valid attachment of a network owns: deletes the attachments of the cache that are not in `valid`, and those that were
  /// interrupted while they were made (``ResultCache/interrupted()``), with the network's configuration of now and the arguments of then, and
  /// from 1.1.0 on calls GC of each plugin. Plugins get a namespace only if it can still be the container's
  /// (``CachedAttachment/currentNamespace``).
  ///
  /// An empty list means that no attachment is valid: everything is removed. Goes on after errors, and reports them all. Does nothing if
  /// the network disables GC.
  public func collectGarbage(_ network: NetworkList, valid: [AttachmentID]) async throws(RuntimeError) {
    if network.disablesGC { return }
    var failures: [RuntimeError] = []
    let cache = cache
    let cached = try await offPool { () throws(RuntimeError) in
      cache.removeOrphans()
      return try cache.attachments() + cache.interrupted()
    }
    let kept = Set(valid)
    for entry in cached where entry.network == network.name && !kept.contains(entry.attachment.id) {
      do throws(RuntimeError) {
        try await delete(network, entry.forDeletion)
      } catch {
        failures.append(error.within("failed to delete stale attachment \(entry.attachment.id)"))
      }
      if Task.isCancelled { throw RuntimeError(.cancelled, verb: .collectGarbage, others: failures) }
    }
    if let version = network.version, version >= .firstWithGC {
      failures += await callGC(network, valid)
    }
    if let failure = RuntimeError.joining(failures) { throw failure }
  }

  private func callGC(_ network: NetworkList, _ valid: [AttachmentID]) async -> [RuntimeError] {
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
        _ = try await call(PluginRequest(plugin, .collectGarbage, of: network, adding: members))
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
