// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import ArgumentParser
import CNIRuntime

struct Delete: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "del",
    abstract: "Detach a network namespace from a network.",
    discussion: """
      Calls DEL of the network's plugins in reverse order, with the result of add. The namespace may be gone. A plugin that \
      fails is reported after the others have been called.

      Example:
        cnitool del chain /run/netns/c1 && ip netns delete c1
      """)

  @OptionGroup var arguments: NamespaceArguments
  @OptionGroup var execution: ExecutionOptions
  @OptionGroup var output: OutputOptions

  func run() throws {
    let settings = try Settings()
    let runtime = settings.runtime(execution.executor)
    let planned = try arguments.existing(settings, in: runtime.cache)
    _ = try perform(cancelledBy: nil) { () async throws(RuntimeError) in
      try await runtime.delete(planned.network, planned.attachment, continuingAfterErrors: true)
    }
  }
}
