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
      exec-plugins.sh does. If one fails, add deletes the others; del goes on with the others, and takes the interfaces as \
      they were made, also those of networks that the folder has no longer. With DEBUG=1 it prints the results.

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
    let runtime = settings.runtime(execution.executor)
    let namespace = settings.namespacePath(netns)
    let planned = networks.enumerated().map { index, network in
      PlannedAttachment(
        network,
        Attachment(
          containerID: id, namespace: namespace, interface: "eth\(index)",
          arguments: settings.arguments, capabilityArguments: settings.capabilityArguments))
    }
    switch verb {
    case .add:
      if let problem = problems.first { throw ToolFailure(problem) }
      try add(planned, runtime)
    case .del:
      var failures = problems.map { ToolFailure($0) }
      let attached = withAttached(planned, namespace, runtime, &failures)
      try delete(attached, runtime, failures)
    }
  }

  /// The container's attachments in this namespace as they were made: since then the folder's files may have changed, and with them the numbers of the
  /// interfaces. Networks that it is not attached to stay as they are planned.
  private func withAttached(
    _ planned: [PlannedAttachment], _ namespace: String, _ runtime: NetworkRuntime, _ failures: inout [ToolFailure]
  ) -> [PlannedAttachment] {
    let made: [CachedAttachment]
    do {
      made = try runtime.cache.attachments(ofContainer: id).filter {
        [nil, namespace].contains($0.attachment.namespace)
      }
    } catch {
      failures.append(ToolFailure(error))
      return planned
    }
    var all = planned.filter { item in !made.contains { $0.network == item.network.name } }
    for entry in made {
      if var item = planned.first(where: { $0.network.name == entry.network }) {
        item.attachment.interface = entry.attachment.interface
        all.append(item)
        continue
      }
      do {
        var attachment = entry.attachment
        attachment.namespace = namespace
        all.append(PlannedAttachment(try entry.networkList(), attachment))
      } catch {
        failures.append(ToolFailure(error))
      }
    }
    return all
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

  private func delete(_ planned: [PlannedAttachment], _ runtime: NetworkRuntime, _ problems: [ToolFailure]) throws {
    for problem in problems.dropFirst() { note(problem.description) }
    var first = problems.first
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
