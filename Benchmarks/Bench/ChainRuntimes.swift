// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import TestSupport

/// Our cnitool with the plugins of a folder.
struct CNITool {
  private let program: Program
  private let plugins: PluginFolder
  private let options: [String]
  private let configurations: TemporaryFolder

  init(_ program: Program, _ plugins: PluginFolder, _ options: [String] = []) throws {
    (self.program, self.plugins, self.options, configurations) = (program, plugins, options, try TemporaryFolder())
    let list = ChainNetwork.plugins.map { #"{"type":"\#($0.type)"\#($0.members)}"# }.joined(separator: ",")
    let text = #"{"cniVersion":"1.0.0","name":"\#(ChainNetwork.name)","plugins":[\#(list)]}"#
    try configurations.add(text, named: "\(ChainNetwork.name).conflist")
  }

  func call(_ verb: String, _ container: Container) throws -> Outcome {
    let variables = ["NETCONFPATH": configurations.path, "CAP_ARGS": ChainNetwork.capabilityArguments]
    return try program.run(
      [verb.lowercased(), ChainNetwork.name, container.namespace.path] + options,
      environment: plugins.environment(verb, container).merging(variables) { $1 })
  }
}

/// A shell that calls the plugins of a folder one after another, with their configurations written beforehand.
struct ShellRuntime {
  private let plugins: PluginFolder

  init(_ plugins: PluginFolder) { self.plugins = plugins }

  /// Its words are the verb, the file of the result, and a type and a configuration without closing brace for each plugin.
  private static let script = """
    verb=$1 file=$2 result=
    shift 2
    [[ $verb == ADD ]] || result=$(<"$file")
    while (($#)); do
      config=$2${result:+,\\"prevResult\\":$result}'}'
      output=$(CNI_COMMAND=$verb "$CNI_PATH/$1" <<<"$config") || { echo "$1: $output" >&2; exit 1; }
      [[ $verb == DEL ]] || result=$output
      shift 2
    done
    [[ $verb == DEL ]] || echo "$result" >"$file"
    """

  func call(_ verb: String, _ container: Container) throws -> Outcome {
    let calls = verb == "ADD" ? ChainNetwork.plugins : ChainNetwork.plugins.reversed()
    let words = calls.flatMap { plugin in
      let start = #"{"cniVersion":"1.0.0","name":"\#(ChainNetwork.name)","type":"\#(plugin.type)""#
      return [plugin.type, start + plugin.members + plugin.runtimeConfig]
    }
    return try Program("bash").run(
      ["-c", Self.script, "runtime", verb, "\(PrivateMounts.folder)/result"] + words,
      environment: plugins.environment(verb, container))
  }
}
