// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import TestSupport

/// A container and its node, where the installed plugin tuning is called as a runtime calls it, with a folder for backups.
final class TuningScene: Sendable {
  let node: Node
  let container: Container
  let folder: String
  var file: String { "\(folder)/\(container.id)_\(container.ifName).json" }

  init(interface: String = "eth0") throws {
    node = try Node()
    container = try node.addContainer(ip: "10.22.0.5", ifName: interface)
    let parent = try Program("mktemp").run(["-d"]).outputText.split(separator: "\n").joined()
    folder = parent + "/tuning"
  }

  deinit { _ = try? Program("rm").run(["-r", String(folder.dropLast("/tuning".count))]) }

  static let program = installedProgram("tuning")
  static let peer = Program("/usr/lib/cni/tuning")

  /// Calls the plugin, for the scene's container unless another is given, and returns the outcome; `members` are added to the
  /// configuration, each with a comma at its end.
  func call(
    _ verb: String, _ members: String, version: String = "1.0.0", network: String = "test",
    environment: [String: String] = [:], container other: Container? = nil, program: Program = TuningScene.program
  ) throws -> Outcome {
    let container = other ?? self.container
    let config = pluginConfig(
      "tuning", network, version, #""dataDir":"\#(folder)","# + members, container.prevResult)
    let variables = container.environment(verb).merging(environment) { $1 }
    return try node.namespace.run { try program.run(environment: variables, input: config) }
  }

  /// A container's interface as ip prints it, without flags that change by themselves.
  func link(_ other: Container? = nil) throws -> String {
    let container = other ?? self.container
    return try container.namespace.command("ip", "link", "show", "dev", container.ifName)
  }

  func features() throws -> [String: Bool] {
    let list = try container.namespace.command("ethtool", "-k", container.ifName)
    return Dictionary(
      list.split(separator: "\n").compactMap { line in
        let words = line.split(whereSeparator: { ": ".contains($0) || $0 == "\t" })
        return words.count > 1 ? (String(words[0]), words[1] == "on") : nil
      }
    ) { first, _ in first }
  }

  /// The names of the backups.
  func files() throws -> [String] {
    try Program("ls").run(["-A", folder]).outputText.split(separator: "\n").map(String.init)
  }

  /// Puts a backup of the scene's container into the folder.
  func write(_ text: String) throws { _ = try Program("tee").run([file], input: Array(text.utf8)) }
}
