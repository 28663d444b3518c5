// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import JSON

extension PluginRequest {
  /// A call of a plugin of a network for an attachment.
  init(
    _ plugin: PluginConfiguration, _ verb: Verb, of network: NetworkList, for attachment: Attachment, previous: JSON?
  ) {
    var object = Self.object(plugin, network)
    object["prevResult"] = previous ?? object["prevResult"]
    let capabilities = attachment.capabilityArguments.object(of: plugin.capabilities)
    if !capabilities.members.isEmpty { object["runtimeConfig"] = .object(capabilities) }
    self.init(
      plugin: plugin.type, verb: verb, network: network.name, attachment: attachment,
      input: JSON.object(object).goText(), context: "plugin \(plugin.description) failed (\(verb.word))")
  }

  /// A call about the network as a whole; `members` are added to the configuration.
  init(_ plugin: PluginConfiguration, _ verb: Verb, of network: NetworkList, adding members: JSONObject = JSONObject())
  {
    var object = Self.object(plugin, network)
    for member in members.members { object[member.name] = member.value }
    self.init(plugin: plugin.type, verb: verb, network: network.name, input: JSON.object(object).goText())
  }

  /// VERSION of a plugin. Plugins of old skeletons want some variables to be set.
  init(versionOf plugin: String) {
    let input = JSON.object(JSONObject(["cniVersion": .string("1.1.0")])).goText()
    self.init(plugin: plugin, verb: .version, input: input)
    variables = ["CNI_NETNS": "dummy", "CNI_IFNAME": "dummy", "CNI_PATH": "dummy"]
  }

  /// The plugin's configuration with the network's name and version.
  private static func object(_ plugin: PluginConfiguration, _ network: NetworkList) -> JSONObject {
    var object = plugin.object
    object["name"] = .string(network.name)
    object["cniVersion"] = .string(network.cniVersion)
    return object
  }
}
