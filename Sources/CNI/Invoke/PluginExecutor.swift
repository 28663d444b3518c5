// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI
import OS
import Skel

/// Executes plugins (CNI specification, "Execution Protocol").
///
/// A plugin that this program contains is called in this process: a chain of delegations, such as flannel, bridge and host-local,
/// starts no further program. Environment, stdin, stdout and notes are the same as for a program; only the time limit does not apply.
package struct PluginExecutor {
  /// Makes the plugin with this name; nil if this program does not contain it.
  package typealias OwnPlugins = (_ name: String, _ executor: PluginExecutor) -> (any Plugin)?

  /// Set to 0, this variable has delegates whose file is this program run as programs.
  package static let inProcessVariable = "SWIFT_CNI_IN_PROCESS"

  /// Which paths lead to a plugin of this program.
  package enum Place: Sendable {
    /// Those of this program's file, which is linked under the plugins' names.
    case thisProgram
    /// No path is needed: this program's plugins come before those of the folders.
    case anywhere
  }

  private let ownPlugins: OwnPlugins
  private let place: Place
  /// Writes a line to stderr.
  private let note: (String) -> Void
  /// The plugins on the call stack of this process: a plugin that delegates to itself is run as a program, so that the stack cannot
  /// overflow.
  private let callers: [String]

  package init(
    note: @escaping (String) -> Void = { _ in }, callers: [String] = [], place: Place = .thisProgram,
    ownPlugins: @escaping OwnPlugins = { _, _ in nil }
  ) {
    self.note = note
    self.callers = callers
    self.place = place
    self.ownPlugins = ownPlugins
  }

  /// A call of a plugin.
  package struct Call {
    /// The plugin's name, which is its file's name.
    package let name: String
    package let path: String
    /// All environment variables, `CNI_COMMAND` included.
    package var environment: Environment
    package var input: [UInt8]
    /// The time limit, in seconds.
    package var timeout: Int
    package var cancellation: Cancellation?
    /// Whether a plugin of this process need not check `CNI_NETNS`, because the caller's own call has.
    package var namespaceIsChecked = false

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

  /// Calls a plugin; returns how it ended and its stdout. Throws if it cannot be started.
  package func execute(_ call: Call) throws(SystemError) -> (ending: Subprocess.Ending, output: [UInt8]) {
    if let plugin = ownPlugin(call) { return execute(call, by: plugin) }
    return try Subprocess(call.path, environment: call.environment).run(
      input: call.input, seconds: call.timeout, outputLimit: Self.outputLimit, cancellation: call.cancellation)
  }

  /// The limit of a plugin's own stdin, in bytes.
  private static let outputLimit = 8 << 20

  /// Whether a plugin is on the call stack of this process.
  package func isCalled(by name: String) -> Bool { callers.contains(name) }

  /// The path of a plugin; nil if it is in none of the folders, and is not needed in any.
  package func find(_ name: String, in folders: [String]) -> String? {
    if place == .anywhere, ownPlugin(name) != nil { return name }
    return Subprocess.find(name, in: folders)
  }

  private func ownPlugin(_ call: Call) -> (any Plugin)? {
    guard let plugin = ownPlugin(call.name) else { return nil }
    switch place {
    case .anywhere: return plugin
    case .thisProgram:
      let isWanted = call.environment[Self.inProcessVariable] != "0"
      return isWanted && isThisProgram(call.path) ? plugin : nil
    }
  }

  private func ownPlugin(_ name: String) -> (any Plugin)? {
    if callers.contains(name) { return nil }
    return ownPlugins(name, PluginExecutor(note: note, callers: callers + [name], place: place, ownPlugins: ownPlugins))
  }

  private func execute(_ call: Call, by plugin: any Plugin) -> (ending: Subprocess.Ending, output: [UInt8]) {
    let output = Output()
    let streams = Streams(
      environment: call.environment,
      readInput: { (limit) throws(SystemError) in Array(call.input.prefix(limit)) },
      writeOutput: { (bytes) throws(SystemError) in output.bytes += bytes },
      note: note)
    let status = Dispatcher(plugin, streams, namespaceIsChecked: call.namespaceIsChecked).run()
    return (.exit(status), output.bytes)
  }

  private final class Output {
    var bytes: [UInt8] = []
  }
}
