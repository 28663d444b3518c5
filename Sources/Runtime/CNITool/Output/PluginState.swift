// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNIRuntime
import JSON
import OS

/// A plugin that a network needs, and where it is.
struct PluginState: Sendable {
  let type: String
  /// The field that names it.
  let field: String
  /// Its executable file; nil if there is none.
  let path: String?

  /// The plugins of a network, each followed by the IPAM plugin that it delegates to.
  static func all(_ network: NetworkList, _ settings: Settings) -> [PluginState] {
    var all: [PluginState] = []
    for (index, plugin) in network.plugins.enumerated() {
      let options = Field(try? JSON(parsing: Array(plugin.json.utf8)))
      let types = [("type", plugin.type), ("ipam.type", (try? options["ipam"]["type"].string()) ?? nil)]
      for case let (field, type?) in types {
        let path = Subprocess.find(type, in: settings.pluginFolders)
        all.append(PluginState(type: type, field: "plugins[\(index)].\(field)", path: path))
      }
    }
    return all
  }
}
