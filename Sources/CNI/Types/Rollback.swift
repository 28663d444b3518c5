// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

/// The undo steps of a change that ``allOrNothing(_:)`` makes.
package struct Rollback: ~Copyable {
  private var steps: [() throws(CNIError) -> Void] = []

  fileprivate init() {}

  /// Adds an undo step. Add it before the step itself, because a failed step may have been done in part; it must do nothing if there is
  /// nothing to undo.
  package mutating func add(_ undo: @escaping () throws(CNIError) -> Void) { steps.append(undo) }

  fileprivate consuming func run() -> ErrorCollector {
    var failures = ErrorCollector()
    for step in steps.reversed() { failures.run(step) }
    return failures
  }
}

/// Makes a change of several steps, each of which adds its undo step. If `body` throws, runs the undo steps in reverse order and rethrows
/// the error; its details say what could not be undone.
package func allOrNothing<T: ~Copyable>(
  _ body: (inout Rollback) throws(CNIError) -> T
) throws(CNIError) -> T {
  var rollback = Rollback()
  do {
    return try body(&rollback)
  } catch {
    throw error.leaving(rollback.run())
  }
}

/// Makes a change with a single undo step.
package func allOrNothing<T: ~Copyable>(
  undo: () throws(CNIError) -> Void, _ body: () throws(CNIError) -> T
) throws(CNIError) -> T {
  do {
    return try body()
  } catch {
    var failures = ErrorCollector()
    failures.run(undo)
    throw error.leaving(failures)
  }
}

extension CNIError {
  /// This error with what could not be undone in its details.
  fileprivate func leaving(_ failures: ErrorCollector) -> CNIError {
    guard let failure = failures.error else { return self }
    let left = "and what was done could not be undone: \(failure.message)"
    return CNIError(code, message, details: details.isEmpty ? left : "\(details); \(left)")
  }
}
