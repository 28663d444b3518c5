// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI
import Invoke
import JSON
import OS

/// The IPAM plugin that a configuration names (`ipam.type`). It is called with the caller's configuration and environment.
package struct IPAMPlugin {
  private let delegate: Delegate
  private let config: NetworkConfig

  /// The time limit of a call, in seconds: longer than a DHCP client tries, so that it ends only a plugin that hangs.
  private static let patience = 240

  /// Finds the plugin in `CNI_PATH`; nil if the configuration names none. Throws code 7 for a wrong name and for the caller's own, code 104
  /// if it is not there.
  package static func find(
    _ config: NetworkConfig, _ environment: Environment, _ executor: PluginExecutor
  ) throws(CNIError) -> IPAMPlugin? {
    let type = try reporting { () throws(FieldError) in
      let field = config.document["ipam"]
      _ = try field.object()
      guard let type = try field["type"].string() else { return String?.none }
      // A path would run any program of the host.
      if type.contains("/") || type.hasPrefix(".") { throw field["type"].expected("a plugin's name, which is no path") }
      // It would call itself without end.
      if executor.isCalled(by: type) { throw field["type"].expected("an IPAM plugin, not the plugin that calls it") }
      return type
    }
    guard let type else { return try Self.none(config) }
    return IPAMPlugin(
      delegate: try Delegate.find(type, for: environment, timeout: patience, executor: executor), config: config)
  }

  /// Throws code 7 if the configuration's version has no result without addresses.
  private static func none(_ config: NetworkConfig) throws(CNIError) -> IPAMPlugin? {
    if config.version >= .v0_3_0 { return nil }
    throw CNIError(
      config.document["ipam"]["type"].expected(
        "the name of an IPAM plugin, as a result of version \(config.version.rawValue) has nothing but addresses"))
  }

  /// The same for a plugin that cannot do without; throws code 7 if the configuration names none.
  package static func require(
    _ config: NetworkConfig, _ environment: Environment, _ executor: PluginExecutor
  ) throws(CNIError) -> IPAMPlugin {
    guard let plugin = try find(config, environment, executor) else {
      throw CNIError(config.document["ipam"]["type"].expected("the name of an IPAM plugin, such as host-local"))
    }
    return plugin
  }

  /// Assigns addresses, which `rollback` releases. Throws code 104 if there are none. A plugin that answers with an error is not asked to
  /// release any: what the attachment has then belongs to an ADD before this one, whose container lives.
  package func add(undoneBy rollback: inout Rollback) throws(CNIError) -> NetworkResult {
    let release = { () throws(CNIError) in try delete() }
    let result: NetworkResult
    do {
      result = try delegate.add(config)
    } catch {
      if !error.isAnswer { rollback.add(release) }
      throw error.error
    }
    rollback.add(release)
    if result.ips.isEmpty { throw CNIError(.delegateFailed, "ipam: \(delegate.type) assigned no address") }
    return result
  }

  /// Releases the addresses of the attachment.
  package func delete() throws(CNIError) { try delegate.call(config, as: "DEL") }

  package func check() throws(CNIError) { try delegate.call(config, as: "CHECK") }

  /// Releases the addresses of attachments that the configuration does not list as valid.
  package func collectGarbage() throws(CNIError) { try delegate.call(config, as: "GC") }

  package func status() throws(CNIError) { try delegate.call(config, as: "STATUS") }
}
