// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import ArgumentParser
import CNIRuntime

struct Check: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check",
    abstract: "Check that an attachment is as add has made it.",
    discussion: """
      Calls CHECK of the network's plugins with the result of add; prints nothing if all is well.

      Example:
        cnitool check chain /run/netns/c1
      """)

  @OptionGroup var arguments: NamespaceArguments
  @OptionGroup var execution: ExecutionOptions
  @OptionGroup var output: OutputOptions

  func run() throws {
    let settings = try Settings()
    let runtime = settings.runtime(execution.executor)
    let planned = try arguments.existing(settings, in: runtime.cache)
    _ = try perform(cancelledBy: nil) { () async throws(RuntimeError) in
      try await runtime.check(planned.network, planned.attachment)
    }
  }
}
