// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Blocking
import OS

/// Executes plugins as programs.
///
/// A plugin inherits this process's environment, and is the leader of a process group, which is killed when it takes too long or when the
/// task is cancelled. Each operation waits on a thread of its own, so that any number of them can run at once.
public struct ProgramExecutor: BlockingExecuting {
  /// Makes an executor; there is no state in it.
  public init() {}

  /// The path of a plugin's executable file; nil if none of the folders has it.
  public func find(_ plugin: String, in folders: [String]) -> String? { Subprocess.find(plugin, in: folders) }

  /// Runs a plugin, and waits for its end.
  public func execute(_ call: PluginCall) async throws(PluginStartError) -> PluginOutput {
    let cancellation: Cancellation
    do {
      cancellation = try Cancellation()
    } catch {
      throw PluginStartError("\(error)")
    }
    let outcome = await withTaskCancellationHandler {
      await offPool { () -> Result<Subprocess.Outcome, SystemError> in
        Result { () throws(SystemError) in try Self.run(call, cancellation) }
      }
    } onCancel: {
      cancellation.cancel()
    }
    do {
      let ended = try outcome.get()
      return PluginOutput(ended.ending.public, output: ended.output, diagnostics: ended.errorOutput)
    } catch {
      throw PluginStartError("\(error)")
    }
  }

  private static func run(_ call: PluginCall, _ cancellation: Cancellation) throws(SystemError) -> Subprocess.Outcome {
    try Subprocess(call.path, environment: call.wholeEnvironment).run(
      input: call.input, milliseconds: call.timeout.milliseconds, outputLimit: outputLimit, cancellation: cancellation,
      lock: call.lock)
  }

  /// As much as our own plugins read of stdin, in bytes.
  private static let outputLimit = 8 << 20
}

extension Subprocess.Ending {
  var `public`: PluginOutput.Ending {
    switch self {
    case .exit(let status): .exit(status)
    case .signal(let number): .signal(number)
    case .timeout: .timeout
    case .cancelled: .cancelled
    }
  }
}

extension Duration {
  /// Rounded up, so that no limit becomes 0; at most a year.
  var milliseconds: Int {
    let (seconds, rest) = components
    if seconds >= 31_536_000 { return 31_536_000_000 }
    let attosecondsInMillisecond: Int64 = 1_000_000_000_000_000
    return Int(max(0, seconds * 1000 + (rest + attosecondsInMillisecond - 1) / attosecondsInMillisecond))
  }
}
