// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

/// How often something is attempted that another program may be in the way of, and how long the pauses are.
package struct Retry: Sendable {
  private let attempts: Int
  private let milliseconds: Int
  private let pause: @Sendable (Int) -> UInt32

  /// There are so many attempts, but none that would begin later than so many milliseconds after the first. `pause` is given the
  /// number of an attempt, the first being 1, and returns how long to wait after it, in microseconds.
  package init(
    attempts: Int = .max, milliseconds: Int = .max, pause: @escaping @Sendable (_ attempt: Int) -> UInt32
  ) {
    self.attempts = attempts
    self.milliseconds = milliseconds
    self.pause = pause
  }

  /// Calls `attempt` until it returns a value; returns nil if it never did. What it throws is not for another attempt to mend.
  package func run<T: ~Copyable, E: Error>(_ attempt: () throws(E) -> T?) throws(E) -> T? {
    let begin = monotonicMilliseconds()
    var number = 1
    while true {
      if let value = try attempt() { return value }
      guard goesOn(after: number, since: begin) else { return nil }
      number += 1
    }
  }

  /// Waits, and returns true, if there is one more attempt.
  private func goesOn(after number: Int, since begin: Int) -> Bool {
    if number >= attempts || monotonicMilliseconds() - begin >= milliseconds { return false }
    OS.pause(microseconds: pause(number))
    return true
  }
}
