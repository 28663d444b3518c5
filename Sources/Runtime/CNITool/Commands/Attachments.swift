// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import ArgumentParser
import CNIRuntime
import JSON

struct Attachments: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "attachments",
    abstract: "List the attachments of this node.",
    discussion: """
      Lists what cnitool and every other runtime on libcni has attached and not deleted, with addresses, age and the network \
      namespace. A namespace is alive, or gone, or none is known; attachments of a former boot are told as such. cnitool gc deletes \
      those that are gone.

      Examples:
        cnitool attachments
        cnitool attachments chain --json | jq -r '.[].addresses[]'
      """)

  @Argument(
    help: "Only the attachments of this network.", completion: .custom { _, _, _ in networkNames() })
  var network: String?

  @OptionGroup var output: OutputOptions

  func run() throws {
    let all: [CachedAttachment]
    do {
      all = try Settings().runtime().cache.attachments()
    } catch let error as RuntimeError {
      throw ToolFailure(error)
    }
    let wanted = all.filter { network == nil || $0.network == network }
    if output.json { return try printJSON(.array(wanted.map(\.json))) }
    var table = Table("NETWORK", "CONTAINER", "INTERFACE", "ADDRESSES", "AGE", "STATE", "NAMESPACE")
    for entry in wanted {
      table.append([
        entry.network, entry.attachment.containerID, entry.attachment.interface, entry.addresses.joined(separator: ","),
        age(seconds: Int(entry.age.components.seconds)), entry.state.rawValue, entry.attachment.namespace ?? "-",
      ])
    }
    try printLines(table.lines)
  }
}
