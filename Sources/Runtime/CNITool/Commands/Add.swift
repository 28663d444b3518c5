// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import ArgumentParser
import CNIRuntime
import Launch

struct Add: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "add",
    abstract: "Attach a network namespace to a network.",
    discussion: """
      Calls ADD of the network's plugins, prints their result and keeps it in /var/lib/cni/results for check and del. If a \
      plugin fails, or cnitool is interrupted, what the others have made is deleted.

      Examples:
        ip netns add c1 && cnitool add chain /run/netns/c1
        CNI_ARGS='IgnoreUnknown=1;IP=10.22.0.9' cnitool add chain /run/netns/c1 --ifname eth1
        CAP_ARGS='{"portMappings": [{"hostPort": 8080, "containerPort": 80, "protocol": "tcp"}]}' \\
          cnitool add chain /run/netns/c1
      """)

  @OptionGroup var arguments: NamespaceArguments
  @OptionGroup var execution: ExecutionOptions
  @OptionGroup var output: OutputOptions

  func run() throws {
    let settings = try Settings()
    let (runtime, planned) = (settings.runtime(execution.executor), try arguments.resolved(settings))
    let signals = try SignalQueue()
    let isNew = runtime.cache.isNew(planned.network, planned.attachment.id)
    let result = try perform(cancelledBy: signals) { () async throws(RuntimeError) in
      try await runtime.add(planned.network, planned.attachment)
    }.value
    do throws(ToolFailure) {
      // Upstream prints no line feed; a terminal's next prompt would stand behind the result.
      try printBytes(result.text + (Terminal.isOutput ? [0x0a] : []))
    } catch {
      // Whoever sees that it failed calls it again. What was there before stays, as when a plugin fails.
      if !isNew { throw error }
      do throws(ToolFailure) {
        _ = try perform(cancelledBy: nil) { () async throws(RuntimeError) in
          try await runtime.delete(planned.network, planned.attachment, continuingAfterErrors: true)
        }
      } catch let rollback {
        throw ToolFailure("\(error.description)\nroll-back: \(rollback.description)", number: error.code)
      }
      throw error
    }
  }
}
