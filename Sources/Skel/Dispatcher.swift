// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI
import JSON
import OS

/// Answers one call of a plugin: reads the environment and stdin, calls the plugin, prints its result or the error
/// object.
package struct Dispatcher {
  /// A GC list for 20,000 attachments takes half of it.
  static let inputLimit = 8 << 20

  let plugin: any Plugin
  let streams: Streams

  package init(_ plugin: any Plugin, _ streams: Streams) {
    self.plugin = plugin
    self.streams = streams
  }

  /// Runs the call, and answers the exit status of the process.
  package func run() -> Int32 {
    guard let command = streams[.command] else { return introduce() }
    var version = SpecVersion.current
    do throws(CNIError) {
      guard let verb = Verb(rawValue: command) else {
        let known = Verb.allCases.map(\.rawValue).joined(separator: ", ")
        throw CNIError(.badEnvironment, "CNI_COMMAND: \"\(command)\" is not one of \(known)")
      }
      try checkEnvironment(for: verb)
      try answer(verb, &version)
      return 0
    } catch {
      report(error, version)
      return 1
    }
  }

  private func answer(_ verb: Verb, _ version: inout SpecVersion) throws(CNIError) {
    if verb == .version { return try printVersions() }
    let text = try readInput()
    let document = try NetworkConfig.document(parsing: text)
    // The error object comes in the caller's version, also for an error in the rest of the configuration.
    version = try NetworkConfig.version(of: document)
    let config = try NetworkConfig(document, text: text)
    if config.version < verb.requirements.since {
      let since = verb.requirements.since.rawValue
      let reason = "\(config.version.rawValue) has no \(verb.rawValue), which came with \(since)"
      throw CNIError(.incompatibleVersion, "cniVersion: \(reason)")
    }
    switch verb {
    case .add: try add(request(config, verb))
    case .delete: try plugin.delete(request(config, verb))
    case .check: try plugin.check(request(config, verb))
    case .collectGarbage:
      if let valid = try config.validAttachments() {
        try plugin.collectGarbage(NetworkRequest(config: config, environment: streams.environment), sparing: valid)
      } else {
        streams.note("\(plugin.name): GC without cni.dev/valid-attachments: nothing removed")
      }
    case .status: try plugin.status(NetworkRequest(config: config, environment: streams.environment))
    case .version: break
    }
  }

  private func readInput() throws(CNIError) -> [UInt8] {
    let input: [UInt8]
    do {
      input = try streams.readInput(Self.inputLimit + 1)
    } catch {
      throw CNIError(.inputOutput, "stdin: \(error)")
    }
    guard input.count <= Self.inputLimit else {
      throw CNIError(.cannotDecode, "stdin: the configuration is larger than \(Self.inputLimit >> 20) MiB")
    }
    return input
  }

  private func request(_ config: NetworkConfig, _ verb: Verb) -> Request {
    Request(
      config: config,
      owner: Owner(
        network: config.name, containerID: streams[.containerID] ?? "", interface: streams[.interface] ?? ""),
      namespace: verb == .delete ? containerNamespace : streams[.namespace],
      arguments: streams[.arguments] ?? "",
      environment: streams.environment)
  }
}
