// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import TestSupport
import Testing

/// How the program chooses the plugin that it is; none of this changes the kernel.
@Suite("the program") struct ProgramTests {
  private static let plugins = ["portmap", "firewall", "tuning", "bandwidth", "flannel"]
  private static let usage =
    "usage: swift-cni portmap|firewall|tuning|bandwidth|flannel, or a link of that name to this program\n"
  private static let version: [String: String] = ["CNI_COMMAND": "VERSION"]

  /// Runs the program under a name with these arguments.
  private func run(
    _ name: String, _ arguments: [String] = [], environment: [String: String] = [:], input: String = ""
  ) throws -> Outcome {
    try installedProgram(name).run(arguments, environment: environment, input: Array(input.utf8))
  }

  @Test(
    "under a plugin's name, with a folder before it or not, the program is that plugin", arguments: plugins,
    ["", "/opt/cni/bin/", "./", "/swift-cni/portmap/"])
  func pluginName(plugin: String, folder: String) throws {
    let outcome = try run(folder + plugin)
    #expect(outcome.status == 0)
    #expect(outcome.errorText.hasPrefix("\(plugin): a CNI plugin of swift-cni"))
    #expect(outcome.output.isEmpty)
  }

  @Test(
    "under another name the first argument says which plugin the program is", arguments: plugins,
    ["swift-cni", "/opt/cni/bin/swift-cni", "swift-cni-1.0", "Portmap", ""])
  func argument(plugin: String, name: String) throws {
    for rest in [[], ["x"], ["tuning"]] {
      let outcome = try run(name, [plugin] + rest)
      #expect(outcome.status == 0)
      #expect(outcome.errorText.hasPrefix("\(plugin): a CNI plugin of swift-cni"))
    }
  }

  @Test("under a plugin's name the arguments do not count", arguments: [["portmap"], ["nosuch"], [""]])
  func nameFirst(arguments: [String]) throws {
    let outcome = try run("tuning", arguments)
    #expect(outcome.status == 0)
    #expect(outcome.errorText.hasPrefix("tuning: a CNI plugin of swift-cni"))
  }

  @Test(
    "without a plugin's name the program tells its usage, and fails with status 2; nothing is on stdout",
    arguments: [
      [], [""], ["nosuch"], ["Portmap"], ["portmap "], ["/opt/cni/bin/portmap"], ["--help"], ["nosuch", "portmap"],
    ])
  func usage(arguments: [String]) throws {
    for environment in [[:], Self.version] {
      let outcome = try run("swift-cni", arguments, environment: environment)
      #expect(outcome.status == 2)
      #expect(outcome.errorText == Self.usage)
      #expect(outcome.output.isEmpty)
    }
  }

  @Test("a call is answered the same under the plugin's name and with it as the argument", arguments: plugins)
  func call(plugin: String) throws {
    let bad = ["CNI_COMMAND": "STATUS"]
    for (environment, input, status) in [(Self.version, "", 0), (bad, "nonsense", 1), (bad, "{}", 1)] {
      let named = try run(plugin, environment: environment, input: input)
      let argument = try run("swift-cni", [plugin], environment: environment, input: input)
      #expect(named.status == Int32(status))
      #expect(argument.status == named.status)
      #expect(argument.output == named.output)
      #expect(!named.output.isEmpty && named.errorText.isEmpty && argument.errorText.isEmpty)
    }
  }
}
