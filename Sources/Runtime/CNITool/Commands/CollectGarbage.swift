// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import ArgumentParser
import CNIRuntime

struct CollectGarbage: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "gc",
    abstract: "Delete attachments whose network namespace is gone.",
    discussion: """
      Keeps the attachments whose namespace is there, and those that a living cnitool run is making; deletes the others of this and \
      of former boots, and lets the plugins (from version 1.1.0 on) remove what no attachment owns. Also removes the namespaces \
      and attachments of each cnitool run that was killed.

      Upstream's cnitool deletes every attachment of the network: that is --all.

      Examples:
        cnitool gc
        cnitool gc chain --all
      """)

  @Argument(
    help: "The network: a name in NETCONFPATH, or the path of a file; without it, all networks.",
    completion: .custom { _, _, _ in networkNames() })
  var network: String?

  @Argument(help: "Not used; upstream's cnitool demands it.")
  var netns: String?

  @Flag(help: "Delete all attachments of the network, also those of running containers.")
  var all = false

  @OptionGroup var execution: ExecutionOptions
  @OptionGroup var output: OutputOptions

  func validate() throws {
    if all, network == nil { throw ValidationError("--all needs a network") }
  }

  func run() throws {
    let settings = try Settings()
    let runtime = settings.runtime(execution.executor)
    let folder = RunFolder()
    let named = try network.map { name throws(ToolFailure) in try settings.network(name) }
    var problems = folder.removeLeftovers(runtime)
    let entries: [CachedAttachment]
    do {
      entries = try runtime.cache.attachments()
    } catch {
      throw ToolFailure(error)
    }
    let networks: [NetworkList]
    if let named { networks = [named] } else { networks = Self.networks(settings, entries, &problems) }
    for network in networks {
      // A process that has made its record by now may be calling its plugins.
      let valid = all ? [] : Self.valid(network, entries, folder.livingAttachments())
      do throws(ToolFailure) {
        _ = try perform(cancelledBy: nil) { () async throws(RuntimeError) in
          try await runtime.collectGarbage(network, valid: valid)
        }
      } catch {
        problems.append("\(network.name): \(error.description)")
      }
    }
    if !problems.isEmpty { throw ToolFailure(problems.joined(separator: "\n")) }
  }

  /// The attachments of a network that are kept: of living namespaces of this boot, those whose namespace is not known, and those of living
  /// processes of cnitool.
  static func valid(
    _ network: NetworkList, _ entries: [CachedAttachment], _ living: [PlannedAttachment]
  ) -> [AttachmentID] {
    let cached = entries.filter { $0.network == network.name && [.alive, .unknown].contains($0.state) }
    let ids = cached.map(\.attachment.id) + living.filter { $0.network.name == network.name }.map(\.attachment.id)
    return ids.reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
  }

  /// The networks of the folder, and those that have attachments although their files are gone.
  private static func networks(
    _ settings: Settings, _ entries: [CachedAttachment], _ problems: inout [String]
  ) -> [NetworkList] {
    let (found, unreadable) = ConfigurationFolder(settings.configurationFolder).networks()
    var networks: [NetworkList] = []
    for network in found where !networks.contains(where: { $0.name == network.name }) { networks.append(network) }
    problems += unreadable.map { "\($0)" }
    for entry in entries where !networks.contains(where: { $0.name == entry.network }) {
      if [.alive, .unknown].contains(entry.state) { continue }
      do {
        networks.append(try entry.networkList())
      } catch {
        problems.append("\(error)")
      }
    }
    return networks
  }
}
