// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI
import JSON

extension PluginRequest {
  /// A call of a plugin of a network for an attachment.
  init(
    _ plugin: PluginConfiguration, _ verb: Verb, of network: NetworkList, for attachment: Attachment, previous: JSON?
  ) {
    var object = Self.object(plugin, network)
    object["prevResult"] = previous ?? object["prevResult"]
    let capabilities = attachment.capabilityArguments.object(of: plugin.capabilities)
    let hasCapabilities = !capabilities.members.isEmpty
    if hasCapabilities { object["runtimeConfig"] = .object(capabilities) }
    self.init(
      plugin: plugin.type, verb: verb, network: network.name, attachment: attachment,
      input: Self.text(object, previousIsSorted: hasCapabilities),
      context: "plugin \(plugin.description) failed (\(verb.word))")
  }

  /// Sorted, but for a result of a version before 1.0.0: libcni keeps the specification's order there, unless it adds capability arguments.
  private static func text(_ object: JSONObject, previousIsSorted: Bool) -> [UInt8] {
    guard !previousIsSorted, let previous = object["prevResult"], isOfOldVersion(previous) else {
      return JSON.object(object).goText()
    }
    let members = object.members.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
    let parts = members.map { member in
      JSON.string(member.name).goText() + Array(":".utf8) + member.value.goText(isSorted: member.name != "prevResult")
    }
    return Array("{".utf8) + Array(parts.joined(separator: ",".utf8)) + Array("}".utf8)
  }

  private static func isOfOldVersion(_ result: JSON) -> Bool {
    guard case .string(let text)? = Field(result)["cniVersion"].value, let version = SpecVersion(rawValue: text) else {
      return false
    }
    return version < .v1_0_0
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
