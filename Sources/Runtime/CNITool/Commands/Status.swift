// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import ArgumentParser
import CNIRuntime

struct Status: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "status",
    abstract: "Ask whether a network could attach a container now.",
    discussion: """
      Calls STATUS of the network's plugins; networks before version 1.1.0 have none. Prints nothing if all is well.

      Example:
        cnitool status chain
      """)

  @Argument(
    help: "The network: a name in NETCONFPATH, or the path of a file.",
    completion: .custom { _, _, _ in networkNames() })
  var network: String

  @Argument(help: "Not used; upstream's cnitool demands it.")
  var netns: String?

  @OptionGroup var execution: ExecutionOptions
  @OptionGroup var output: OutputOptions

  func run() throws {
    let settings = try Settings()
    let (runtime, network) = (settings.runtime(execution.executor), try settings.network(network))
    _ = try perform(cancelledBy: nil) { () async throws(RuntimeError) in try await runtime.status(network) }
  }
}
