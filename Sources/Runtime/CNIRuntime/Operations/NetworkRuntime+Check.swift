// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Blocking
import JSON

extension NetworkRuntime {
  /// Checks that an attachment is as it was made: calls CHECK of each plugin in order, with the result that is in the cache; the first
  /// error ends it. Does nothing if the network disables CHECK; throws if its version is below 0.4.0, which has none.
  public func check(_ network: NetworkList, _ attachment: Attachment) async throws(RuntimeError) {
    try validate(network, attachment, for: .check)
    guard let version = network.version, version >= .firstWithCheck else {
      let version = network.cniVersion.inGoQuotes
      let reason = "configuration version \(version) does not support the CHECK command"
      throw RuntimeError(.unsupportedVersion(reason), verb: .check)
    }
    if network.disablesCheck { return }
    let cache = cache
    let cached = await offPool { cache.result(network, attachment.id) }
    if case .unreadable(let reason) = cached {
      let context = "failed to get network \(network.name.inGoQuotes) cached result"
      throw RuntimeError(.cache(reason), verb: .check, context: context)
    }
    for plugin in network.plugins {
      if Task.isCancelled { throw RuntimeError(.cancelled, verb: .check) }
      _ = try await call(PluginRequest(plugin, .check, of: network, for: attachment, previous: cached.json))
    }
  }
}

extension CachedResult {
  fileprivate var json: JSON? {
    if case .found(let json) = self { json } else { nil }
  }
}
