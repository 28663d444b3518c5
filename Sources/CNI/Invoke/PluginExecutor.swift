// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI
import OS
import Skel

/// Executes plugins (CNI specification, "Execution Protocol").
///
/// A plugin that this program is itself is called in this process: a chain of delegations, such as flannel, bridge and host-local,
/// starts no further program. It is given the same environment and the same stdin, what it prints is read in the same way,
/// and its notes go to the same stderr; only the time-out does not stop it.
package struct PluginExecutor {
  /// Makes the plugin of this name; nil if this program is not that plugin.
  package typealias OwnPlugins = (_ name: String, _ executor: PluginExecutor) -> (any Plugin)?

  /// The variable that, set to 0, has every plugin executed as a program.
  package static let inProcessVariable = "SWIFT_CNI_IN_PROCESS"

  private let ownPlugins: OwnPlugins
  /// Tells the operator something on stderr.
  private let note: (String) -> Void
  /// The plugins that this process is calling: one that delegates to itself must not fill the stack.
  private let callers: [String]

  package init(
    note: @escaping (String) -> Void = { _ in }, callers: [String] = [],
    ownPlugins: @escaping OwnPlugins = { _, _ in nil }
  ) {
    self.note = note
    self.callers = callers
    self.ownPlugins = ownPlugins
  }

  /// A call of a plugin.
  package struct Call {
    /// The plugin's name, which is that of its file.
    package let name: String
    package let path: String
    /// All of its variables; `CNI_COMMAND` says what is asked for.
    package var environment: Environment
    package var input: [UInt8]
    /// How long it may take, in seconds.
    package var timeout: Int
    package var cancellation: Cancellation?

    package init(
      _ name: String, at path: String, environment: Environment, input: [UInt8], timeout: Int,
      cancellation: Cancellation? = nil
    ) {
      self.name = name
      self.path = path
      self.environment = environment
      self.input = input
      self.timeout = timeout
      self.cancellation = cancellation
    }
  }

  /// Has a plugin answer, and returns how it ended and what it wrote to stdout. Throws if it cannot be started.
  package func execute(_ call: Call) throws(SystemError) -> (ending: Subprocess.Ending, output: [UInt8]) {
    if let plugin = ownPlugin(call) { return execute(call, by: plugin) }
    return try Subprocess(call.path, environment: call.environment).run(
      input: call.input, seconds: call.timeout, outputLimit: Self.outputLimit, cancellation: call.cancellation)
  }

  /// As large as what we read ourselves.
  private static let outputLimit = 8 << 20

  private func ownPlugin(_ call: Call) -> (any Plugin)? {
    if callers.contains(call.name) || call.environment[Self.inProcessVariable] == "0" { return nil }
    let executor = PluginExecutor(note: note, callers: callers + [call.name], ownPlugins: ownPlugins)
    guard let plugin = ownPlugins(call.name, executor), isThisProgram(call.path) else { return nil }
    return plugin
  }

  private func execute(_ call: Call, by plugin: any Plugin) -> (ending: Subprocess.Ending, output: [UInt8]) {
    let output = Output()
    let streams = Streams(
      environment: call.environment,
      readInput: { (limit) throws(SystemError) in Array(call.input.prefix(limit)) },
      writeOutput: { (bytes) throws(SystemError) in output.bytes += bytes },
      note: note)
    let status = Dispatcher(plugin, streams).run()
    return (.exit(status), output.bytes)
  }

  private final class Output {
    var bytes: [UInt8] = []
  }
}
