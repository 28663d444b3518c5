// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import ArgumentParser
import CNIRuntime
import JSON

struct List: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list",
    abstract: "List the networks of this node and their plugins.",
    discussion: """
      Each network is followed by its plugins, IPAM plugins included, with their files and the newest version of the \
      specification that they speak. Files that are no network are told on stderr.

      Examples:
        cnitool list
        cnitool list --json | jq -r '.networks[].name'
      """)

  @OptionGroup var output: OutputOptions

  func run() throws {
    let settings = try Settings()
    let (networks, problems) = ConfigurationFolder(settings.configurationFolder).networks()
    let runtime = settings.runtime()
    var versions: [(type: String, newest: String)] = []
    for plugin in networks.flatMap({ PluginState.all($0, settings) }) where plugin.path != nil {
      if versions.contains(where: { $0.type == plugin.type }) { continue }
      let spoken = try? perform(cancelledBy: nil) { () async throws(RuntimeError) in
        try await runtime.version(ofPlugin: plugin.type)
      }.value
      versions.append((plugin.type, spoken?.last ?? ""))
    }
    func newest(_ plugin: PluginState) -> String { versions.first { $0.type == plugin.type }?.newest ?? "" }

    if output.json {
      let items = networks.map { network in Self.json(network, PluginState.all(network, settings), newest) }
      try printJSON(
        .object(
          JSONObject(["networks": .array(items), "problems": .array(problems.map { .string("\($0)") })])))
      return
    }
    var table = Table("NETWORK", "VERSION", "FILE")
    for network in networks {
      table.append([network.name, network.cniVersion.isEmpty ? "0.1.0" : network.cniVersion, network.path ?? ""])
      for plugin in PluginState.all(network, settings) {
        table.append(["  \(plugin.type)", newest(plugin), plugin.path ?? "missing"])
      }
    }
    if networks.isEmpty { note("no networks in \(settings.configurationFolder)") } else { try printLines(table.lines) }
    for problem in problems { note("\(problem)") }
  }

  private static func json(
    _ network: NetworkList, _ plugins: [PluginState], _ newest: (PluginState) -> String
  ) -> JSON {
    let items = plugins.map { plugin in
      var object = JSONObject(["type": .string(plugin.type), "field": .string(plugin.field)])
      if let path = plugin.path { object.append("path", .string(path)) }
      if !newest(plugin).isEmpty { object.append("cniVersion", .string(newest(plugin))) }
      return JSON.object(object)
    }
    return .object(
      JSONObject([
        "name": .string(network.name), "cniVersion": .string(network.cniVersion),
        "file": .string(network.path ?? ""), "capabilities": .array(network.capabilities.map { .string($0) }),
        "plugins": .array(items),
      ]))
  }
}
