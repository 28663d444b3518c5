// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import ArgumentParser
import CNIRuntime

struct CollectGarbage: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "gc",
    abstract: "Delete attachments whose network namespace is gone.",
    discussion: """
      Keeps the attachments whose namespace is there; deletes the others of this and of former boots, and what was interrupted, and \
      lets the plugins (from version 1.1.0 on) remove what no attachment owns. Also removes the namespaces and attachments of \
      each cnitool run that was killed. Waits for each add and del that is running.

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
    let networks: [NetworkList]
    if let named {
      networks = [named]
    } else {
      do {
        let entries = try runtime.cache.attachments() + runtime.cache.interrupted()
        networks = Self.networks(settings, entries, &problems)
      } catch {
        throw ToolFailure(error)
      }
    }
    let all = all
    for network in networks {
      do throws(ToolFailure) {
        _ = try perform(cancelledBy: nil) { () async throws(RuntimeError) in
          try await runtime.collectGarbage(network) { entry in !all && entry.isKept }
        }
      } catch {
        problems.append("\(network.name): \(error.description)")
      }
    }
    if !problems.isEmpty { throw ToolFailure(problems.joined(separator: "\n")) }
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
      if entry.isKept { continue }
      do {
        networks.append(try entry.networkList())
      } catch {
        problems.append("\(error)")
      }
    }
    return networks
  }
}

extension CachedAttachment {
  /// Whether the attachment's namespace is there, or may be.
  fileprivate var isKept: Bool { [.alive, .unknown].contains(state) && !isInterrupted }
}
