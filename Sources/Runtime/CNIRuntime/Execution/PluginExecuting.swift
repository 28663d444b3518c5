// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Blocking
import OS

/// A call of a plugin.
public struct PluginCall: Equatable, Sendable {
  /// The plugin's type.
  public var plugin: String
  /// The plugin's executable file.
  public var path: String
  /// What the plugin is called for.
  public var verb: Verb
  /// The variables that are set for this call; what else the environment has is the executor's matter.
  public var environment: [String: String]
  /// The plugin's stdin.
  public var input: [UInt8]
  /// How long the plugin may take.
  public var timeout: Duration
  /// The attachment's lock, which a program that makes it inherits: if this process is killed, nobody takes the attachment for interrupted
  /// before the program has ended.
  var lock: FileLock?

  /// Describes a call.
  public init(
    plugin: String, path: String, verb: Verb, environment: [String: String], input: [UInt8], timeout: Duration
  ) {
    self.plugin = plugin
    self.path = path
    self.verb = verb
    self.environment = environment
    self.input = input
    self.timeout = timeout
  }
}

/// How a plugin ended and what it printed.
public struct PluginOutput: Equatable, Sendable {
  /// How a plugin ended.
  public enum Ending: Equatable, Sendable {
    /// By itself, with this status.
    case exit(Int32)
    /// By a signal of this number.
    case signal(Int32)
    /// It took too long, and was ended.
    case timeout
    /// The task was cancelled, and it was ended.
    case cancelled
  }

  /// How the plugin ended.
  public var ending: Ending
  /// The plugin's stdout.
  public var output: [UInt8]
  /// The plugin's stderr.
  public var diagnostics: [UInt8]

  /// Describes an end.
  public init(_ ending: Ending, output: [UInt8] = [], diagnostics: [UInt8] = []) {
    self.ending = ending
    self.output = output
    self.diagnostics = diagnostics
  }
}

/// A plugin that cannot be started.
public struct PluginStartError: Error, Equatable, Sendable, CustomStringConvertible {
  /// What was being done, to what, and why it failed.
  public let description: String

  /// Makes an error.
  public init(_ description: String) { self.description = description }
}

/// Finds and executes plugins: ``ProgramExecutor``, ``InProcessExecutor``, or one of your own.
///
/// One of your own is called in Swift's pool, like any other asynchronous function: it should not block, and what it awaits and its child tasks
/// find the pool's threads.
public protocol PluginExecuting: Sendable {
  /// The path of a plugin; nil if none of the folders has it.
  func find(_ plugin: String, in folders: [String]) -> String?

  /// Calls a plugin. When the task is cancelled it ends the plugin.
  func execute(_ call: PluginCall) async throws(PluginStartError) -> PluginOutput
}

/// An executor that awaits nothing but the end of a plugin, and so may block the operation's thread.
protocol BlockingExecuting: PluginExecuting {}

extension PluginExecuting {
  /// Calls a plugin, where this executor may run.
  func call(_ call: PluginCall) async throws(PluginStartError) -> PluginOutput {
    if self is any BlockingExecuting { return try await execute(call) }
    return try await onPool { () async throws(PluginStartError) in try await execute(call) }
  }
}

extension PluginCall {
  /// This process's variables with those of the call.
  var wholeEnvironment: Environment {
    var all = Environment.process
    // State and baggage belong to a parent, and not to another one (W3C Trace Context, section 3.3).
    if environment["TRACEPARENT"] != nil { (all["TRACESTATE"], all["BAGGAGE"]) = (nil, nil) }
    for (name, value) in environment { all[name] = value }
    return all
  }
}
