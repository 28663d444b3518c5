// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Blocking
import CNI
import Invoke
import OS
import Skel

/// Plugins that this process contains; the product `CNIPlugins` has those of swift-cni.
public struct InProcessPlugins: Sendable {
  /// The plugins' names, sorted.
  public let names: [String]
  let make: @Sendable (_ name: String, PluginExecutor, _ note: @escaping (String) -> Void) -> (any Plugin)?

  /// Plugins that `make` makes by name, with the executor for what they delegate to and with what writes a line to stderr.
  package init(
    names: [String],
    make: @escaping @Sendable (_ name: String, PluginExecutor, _ note: @escaping (String) -> Void) -> (any Plugin)?
  ) {
    self.names = names.sorted()
    self.make = make
  }
}

/// Calls plugins in this process, without a program for each, where this process contains them; other plugins by another executor.
///
/// They come before those of the folders, which need not have them. A plugin runs on its operation's thread, with the environment and stdin of
/// a program. It is not ended when it takes too long or when the task is cancelled: the call ends when the plugin does, and an ADD is undone
/// then.
public struct InProcessExecutor: BlockingExecuting {
  private let plugins: InProcessPlugins
  private let other: any PluginExecuting

  /// An executor that has these plugins, and calls others by `other`.
  public init(_ plugins: InProcessPlugins, otherwise other: any PluginExecuting = ProgramExecutor()) {
    self.plugins = plugins
    self.other = other
  }

  /// The name of a plugin of this process, or the path of another; nil if none of the folders has that.
  public func find(_ plugin: String, in folders: [String]) -> String? {
    plugins.names.contains(plugin) ? plugin : other.find(plugin, in: folders)
  }

  /// Calls a plugin, and waits for its end.
  public func execute(_ call: PluginCall) async throws(PluginStartError) -> PluginOutput {
    guard plugins.names.contains(call.plugin) else { return try await other.call(call) }
    let plugins = plugins
    let outcome = await offPool { Result { () throws(SystemError) in try Self.run(call, plugins) } }
    do {
      return try outcome.get()
    } catch {
      throw PluginStartError("\(error)")
    }
  }

  private static func run(_ call: PluginCall, _ plugins: InProcessPlugins) throws(SystemError) -> PluginOutput {
    let notes = Notes()
    let note: (String) -> Void = { notes.text += $0 + "\n" }
    let executor = PluginExecutor(note: note, place: .anywhere) { name, executor in plugins.make(name, executor, note) }
    let (ending, output) = try executor.execute(
      PluginExecutor.Call(
        call.plugin, at: call.path, environment: call.wholeEnvironment, input: call.input,
        timeout: max(1, call.timeout.milliseconds / 1000)))
    return PluginOutput(ending.public, output: output, diagnostics: Array(notes.text.utf8))
  }

  private final class Notes {
    var text = ""
  }
}
