// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Blocking
import CNIRuntime
import Launch
import OS

/// Runs an operation of the runtime to its end, or until a signal asks to end, which cancels it: the runtime undoes what it has done then.
/// The signal is returned too if it came too late for that.
func perform<Value: Sendable>(
  cancelledBy signals: SignalQueue?, _ body: @escaping @Sendable () async throws(RuntimeError) -> Value
) throws(ToolFailure) -> Waited<Value> {
  let waited: Waited<Result<Value, RuntimeError>>
  do {
    let thread = try OperationThread()
    defer { thread.end() }
    waited = try waitFor(cancelledBy: signals, on: thread) { () async -> Result<Value, RuntimeError> in
      do throws(RuntimeError) {
        return .success(try await body())
      } catch {
        return .failure(error)
      }
    }
  } catch {
    throw ToolFailure(error)
  }
  switch waited.value {
  case .success(let value): return Waited(value: value, signal: waited.signal)
  case .failure(let error):
    let failure = ToolFailure(error)
    guard let signal = waited.signal else { throw failure }
    throw .interrupted(by: signal, failure)
  }
}

extension ToolFailure {
  static func interrupted(by signal: CaughtSignal, _ failure: ToolFailure? = nil) -> ToolFailure {
    let reason = failure.map { ": \($0.description)" } ?? ""
    return ToolFailure(
      "interrupted by signal \(signal.number)\(reason)", number: failure?.code ?? Code.general.rawValue,
      plugin: failure?.plugin, exitStatus: signal.exitStatus)
  }
}
