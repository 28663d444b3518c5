// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

/// How the steps of a change are undone that ``allOrNothing(_:)`` has made so far.
package struct Rollback: ~Copyable {
  private var steps: [() throws(CNIError) -> Void] = []

  fileprivate init() {}

  /// Adds what undoes a step. It is added before the step is made, as one that fails may have been made by half, and
  /// so does nothing where there is nothing to undo.
  package mutating func add(_ undo: @escaping () throws(CNIError) -> Void) { steps.append(undo) }

  fileprivate consuming func run() -> Failures {
    var failures = Failures()
    for step in steps.reversed() { failures.collect(step) }
    return failures
  }
}

/// Makes a change of several steps, each of which adds to the rollback how it is undone. If `body` throws, all are undone, the last
/// first. The error that led to that is thrown, with what could not be undone in its details.
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

/// Makes a change that is undone in one way, however far it came.
package func allOrNothing<T: ~Copyable>(
  undo: () throws(CNIError) -> Void, _ body: () throws(CNIError) -> T
) throws(CNIError) -> T {
  do {
    return try body()
  } catch {
    var failures = Failures()
    failures.collect(undo)
    throw error.leaving(failures)
  }
}

extension CNIError {
  /// The error that a change ends with when undoing it failed so.
  fileprivate func leaving(_ failures: Failures) -> CNIError {
    guard let failure = failures.error else { return self }
    let left = "and what was done could not be undone: \(failure.message)"
    return CNIError(code, message, details: details.isEmpty ? left : "\(details); \(left)")
  }
}
