// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import ArgumentParser
import CNIRuntime
import Launch
import OS

struct ExecPlugins: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "exec-plugins",
    abstract: "Attach a container to every network of the folder, or detach it.",
    discussion: """
      Takes every configuration of NETCONFPATH, sorted by file name, for the interfaces eth0, eth1, ... as the script \
      exec-plugins.sh does. If one fails, add deletes the others; del goes on with the others. With DEBUG=1 it prints the results.

      Examples:
        cnitool exec-plugins add c1 /run/netns/c1
        cnitool exec-plugins del c1 /run/netns/c1
      """)

  enum Verb: String, ExpressibleByArgument, CaseIterable {
    case add, del
  }

  @Argument(help: "add or del.")
  var verb: Verb

  @Argument(help: "The container's ID.")
  var id: String

  @Argument(help: "The container's network namespace.", completion: .custom { _, _, _ in namespacePaths() })
  var netns: String

  @OptionGroup var execution: ExecutionOptions
  @OptionGroup var output: OutputOptions

  func run() throws {
    let settings = try Settings()
    let (networks, problems) = ConfigurationFolder(settings.configurationFolder).networks()
    if let problem = problems.first { throw ToolFailure(problem) }
    let planned = networks.enumerated().map { index, network in
      PlannedAttachment(
        network,
        Attachment(
          containerID: id, namespace: settings.namespacePath(netns), interface: "eth\(index)",
          arguments: settings.arguments, capabilityArguments: settings.capabilityArguments))
    }
    switch verb {
    case .add: try add(planned, settings.runtime(execution.executor))
    case .del: try delete(planned, settings.runtime(execution.executor))
    }
  }

  private func add(_ planned: [PlannedAttachment], _ runtime: NetworkRuntime) throws {
    let signals = try SignalQueue()
    var done: [PlannedAttachment] = []
    for item in planned {
      do throws(ToolFailure) {
        let waited = try perform(cancelledBy: signals) { () async throws(RuntimeError) in
          try await runtime.add(item.network, item.attachment)
        }
        done.append(item)
        if let signal = waited.signal { throw .interrupted(by: signal) }
        if isVerbose { try printBytes(waited.value.text + [0x0a]) }
      } catch {
        try? RunRecord(namespaceName: nil, attachments: done).remove(runtime, NamedNamespaces())
        throw named(error, item)
      }
    }
  }

  private func delete(_ planned: [PlannedAttachment], _ runtime: NetworkRuntime) throws {
    var first: ToolFailure?
    for item in planned.reversed() {
      do throws(ToolFailure) {
        _ = try perform(cancelledBy: nil) { () async throws(RuntimeError) in
          try await runtime.delete(item.network, item.attachment, continuingAfterErrors: true)
        }
      } catch {
        let failure = named(error, item)
        if first != nil { note(failure.description) }
        first = first ?? failure
      }
    }
    if let first { throw first }
  }

  private var isVerbose: Bool { (Int(Environment.process["DEBUG"] ?? "") ?? 0) > 0 }

  /// In the script's words.
  private func named(_ error: ToolFailure, _ item: PlannedAttachment) -> ToolFailure {
    ToolFailure(
      "\(item.network.name) : error executing \(verb.rawValue.uppercased()): \(error.description)", number: error.code,
      plugin: error.plugin, exitStatus: error.exitStatus)
  }
}
