// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import ArgumentParser
import CNIRuntime

/// A network, a namespace and an interface in it, as upstream's cnitool takes them.
package struct NamespaceArguments: ParsableArguments {
  @Argument(
    help: "The network: a name in NETCONFPATH, or the path of a file.",
    completion: .custom { _, _, _ in networkNames() })
  package var network: String

  @Argument(
    help: "The container's network namespace: /run/netns/NAME or /proc/PID/ns/net.",
    completion: .custom { _, _, _ in namespacePaths() })
  package var netns: String

  @Option(
    name: [.customShort("i"), .customLong("ifname")],
    help: ArgumentHelp("The interface's name in the container (default: CNI_IFNAME, else eth0).", valueName: "ifname"))
  package var interface: String?

  @Option(
    help: ArgumentHelp(
      "The container's ID, such as one of cnitool attachments (default: one that follows from the namespace's path).",
      valueName: "id"))
  package var id: String?

  package init() {}

  /// The network and the attachment.
  func resolved(_ settings: Settings) throws(ToolFailure) -> PlannedAttachment {
    // An empty name is none, as in upstream's.
    let interface = interface.flatMap { $0.isEmpty ? nil : $0 }
    var attachment = settings.attachment(namespace: netns, interface: interface)
    if let id { attachment.containerID = id }
    return PlannedAttachment(try settings.network(network), attachment)
  }

  /// The same for an attachment that is there: one of another runtime is checked and deleted with the arguments that it was made with,
  /// unless the environment has others.
  func existing(_ settings: Settings, in cache: ResultCache) throws(ToolFailure) -> PlannedAttachment {
    let planned = try resolved(settings)
    let network = planned.network
    var attachment = planned.attachment
    guard id != nil, let made = cache.attachment(attachment.id, network: network.name) else {
      return planned
    }
    if attachment.arguments.isEmpty { attachment.arguments = made.attachment.arguments }
    if attachment.capabilityArguments.isEmpty { attachment.capabilityArguments = made.attachment.capabilityArguments }
    return PlannedAttachment(network, attachment)
  }
}
