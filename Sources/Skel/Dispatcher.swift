// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI
import JSON
import NetNS
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
      try? streams.writeOutput(error.json(version).text)
      return 1
    }
  }

  /// A person started the program by hand: say what it is.
  private func introduce() -> Int32 {
    streams.note("\(plugin.name): a CNI plugin of swift-cni, for container runtimes to call (CNI_COMMAND is not set)")
    streams.note("CNI protocol versions supported: \(SpecVersion.allCases.map(\.rawValue).joined(separator: ", "))")
    return 0
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
    case .add:
      let result = try plugin.add(try request(config, verb))
      try output(try configuration { () throws(FieldError) in try result.encoded(config.version) })
    case .delete: try plugin.delete(try request(config, verb))
    case .check: try plugin.check(try request(config, verb))
    case .collectGarbage:
      if let valid = try config.validAttachments() {
        try plugin.collectGarbage(NetworkRequest(config: config, path: path), sparing: valid)
      } else {
        streams.note("\(plugin.name): GC without cni.dev/valid-attachments: nothing removed")
      }
    case .status: try plugin.status(NetworkRequest(config: config, path: path))
    case .version: break
    }
  }

  private func printVersions() throws(CNIError) {
    // Old callers send nothing; what newer ones send must be a version object at least.
    let input = try readInput()
    if !input.isEmpty { _ = try NetworkConfig.document(parsing: input) }
    try output(
      .object(
        JSONObject([
          "cniVersion": .string(SpecVersion.current.rawValue),
          "supportedVersions": .array(SpecVersion.allCases.map { .string($0.rawValue) }),
        ])))
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

  private func output(_ json: JSON) throws(CNIError) {
    do {
      try streams.writeOutput(json.text)
    } catch {
      throw CNIError(.inputOutput, "stdout: \(error)")
    }
  }

  private func request(_ config: NetworkConfig, _ verb: Verb) throws(CNIError) -> Request {
    Request(
      config: config,
      owner: Owner(
        network: config.name, containerID: streams[.containerID] ?? "", interface: streams[.interface] ?? ""),
      namespace: verb == .delete ? containerNamespace : streams[.namespace],
      arguments: try arguments(lenient: verb == .delete),
      path: path)
  }

  private var path: [String] { streams[.path]?.split(separator: ":").map(String.init) ?? [] }

  /// A DEL must not fail for what only an ADD could have used.
  private func arguments(lenient: Bool) throws(CNIError) -> CNIArguments {
    do throws(CNIError) {
      return try CNIArguments(streams[.arguments] ?? "")
    } catch {
      if lenient { return .empty }
      throw error
    }
  }
}
