// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI
import JSON

extension NetworkRuntime {
  /// Asks each plugin of a network whether a container could be attached now; the first error ends it, and has the plugin's own words.
  /// Does nothing below 1.1.0, which has no STATUS.
  public func status(_ network: NetworkList) async throws(RuntimeError) {
    guard let version = network.version, version >= .firstWithGC else { return }
    for plugin in network.plugins {
      if Task.isCancelled { throw RuntimeError(.cancelled, verb: .status) }
      _ = try await call(PluginRequest(plugin, .status, of: network))
    }
  }

  /// The versions of the specification that a plugin speaks.
  public func version(ofPlugin type: String) async throws(RuntimeError) -> [String] {
    let request = PluginRequest(versionOf: type)
    let output: [UInt8]
    do {
      output = try await call(request)
    } catch {
      // What plugins of the first version say.
      if error.message == "unknown CNI_COMMAND: VERSION" { return ["0.1.0"] }
      throw error
    }
    do {
      return try Self.versions(output)
    } catch {
      throw request.failure(.invalidResult("decoding version info: \(error)"))
    }
  }

  private static func versions(_ output: [UInt8]) throws(InvalidResult) -> [String] {
    let answer: Field
    do {
      answer = Field(try JSON(parsing: output))
    } catch {
      throw InvalidResult(description: "\(error)")
    }
    guard case .string(let named)? = answer["cniVersion"].value else {
      throw InvalidResult(description: "missing field cniVersion")
    }
    if let versions = (try? answer["supportedVersions"].strings()) ?? nil, !versions.isEmpty { return versions }
    if named == "0.2.0" { return ["0.1.0", "0.2.0"] }
    throw InvalidResult(description: "missing field supportedVersions")
  }

  /// Checks that each plugin of a network is there and speaks the network's version; returns the capabilities that the plugins declare.
  /// Goes on after errors, and reports them all.
  @discardableResult
  public func validate(_ network: NetworkList) async throws(RuntimeError) -> [String] {
    let wanted = network.cniVersion.isEmpty ? "0.1.0" : network.cniVersion
    var failures: [RuntimeError] = []
    for plugin in network.plugins {
      do throws(RuntimeError) {
        if try await version(ofPlugin: plugin.type).contains(wanted) { continue }
        let reason = "plugin \(plugin.type) does not support config version \(wanted.inGoQuotes)"
        failures.append(RuntimeError(.unsupportedVersion(reason), plugin: plugin.type, verb: .version))
      } catch {
        failures.append(error)
      }
    }
    if let failure = RuntimeError.joining(failures) { throw failure }
    return network.capabilities
  }
}
