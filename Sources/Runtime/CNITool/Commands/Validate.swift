// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import ArgumentParser
import CNIRuntime
import JSON
import OS

struct Validate: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "validate",
    abstract: "Say what is wrong with a network configuration, and where.",
    discussion: """
      Prints FILE:LINE: FIELD: what is wrong, and a hint; nothing if the configuration is good. Plugins are only looked for: \
      each checks its own options when it is called.

      Examples:
        cnitool validate /etc/cni/net.d/*.conflist
        jq '.plugins[0].mtu = 1400' chain.conflist | cnitool validate -
      """)

  @Argument(
    help: "Files; - or nothing reads standard input.", completion: .file(extensions: ["conflist", "conf", "json"]))
  var files: [String] = []

  @OptionGroup var output: OutputOptions

  func run() throws {
    let settings = try Settings()
    var problems: [ConfigurationError] = []
    for file in files.isEmpty ? ["-"] : files {
      do {
        problems += try Self.problems(try Self.read(file), settings)
      } catch let error as ConfigurationError {
        problems.append(error)
      }
    }
    if output.json {
      try printJSON(.array(problems.map(Self.json)))
    } else {
      try printLines(problems.map { "\($0)" })
    }
    if !problems.isEmpty { throw ExitCode(1) }
  }

  private static func read(_ file: String) throws -> NetworkList {
    if file != "-" { return try NetworkList(file: file) }
    do {
      return try NetworkList(parsing: try readStandardInput(limit: 1 << 20), path: "stdin")
    } catch let error as SystemError {
      throw ConfigurationError(file: "stdin", message: "\(error)")
    }
  }

  /// What is wrong with a configuration that can be read: plugins that are not there, and those that do not speak its version.
  private static func problems(_ network: NetworkList, _ settings: Settings) throws -> [ConfigurationError] {
    let runtime = settings.runtime()
    var problems: [ConfigurationError] = []
    for plugin in PluginState.all(network, settings) where plugin.path == nil {
      problems.append(
        ConfigurationError(
          file: network.path, line: line(of: plugin.field, in: network.text), field: plugin.field,
          message: "there is no plugin \(plugin.type)",
          hint: "looked in \(settings.pluginFolders.joined(separator: ", "))"))
    }
    if !problems.isEmpty { return problems }
    do {
      _ = try perform(cancelledBy: nil) { () async throws(RuntimeError) in try await runtime.validate(network) }
    } catch {
      problems.append(ConfigurationError(file: network.path, message: error.description))
    }
    return problems
  }

  /// The line of a field; nil where the list around a single plugin is not the file's.
  private static func line(of field: String, in text: [UInt8]) -> Int? {
    text.contains(UInt8(ascii: "\n")) ? JSON.line(ofField: field, in: text) : nil
  }

  private static func json(_ error: ConfigurationError) -> JSON {
    var object = JSONObject()
    if let file = error.file { object.append("file", .string(file)) }
    if let line = error.line { object.append("line", .integer(Int64(line))) }
    if !error.field.isEmpty { object.append("field", .string(error.field)) }
    object.append("msg", .string(error.message))
    if !error.hint.isEmpty { object.append("hint", .string(error.hint)) }
    return .object(object)
  }
}
