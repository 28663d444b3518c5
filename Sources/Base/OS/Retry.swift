// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

/// How often to attempt what another process may block, and how long to wait between attempts.
package struct Retry: Sendable {
  private let attempts: Int
  private let milliseconds: Int
  private let pause: @Sendable (Int) -> UInt32

  /// At most `attempts` attempts, none of which begins later than `milliseconds` after the first. `pause` returns the time to wait after
  /// an attempt, in microseconds; the first attempt is number 1.
  package init(
    attempts: Int = .max, milliseconds: Int = .max, pause: @escaping @Sendable (_ attempt: Int) -> UInt32
  ) {
    self.attempts = attempts
    self.milliseconds = milliseconds
    self.pause = pause
  }

  /// Calls `attempt` until it returns a value; returns nil if it never does. An error that it throws ends the attempts.
  package func run<T: ~Copyable, E: Error>(_ attempt: () throws(E) -> T?) throws(E) -> T? {
    let begin = monotonicMilliseconds()
    var number = 1
    while true {
      if let value = try attempt() { return value }
      guard goesOn(after: number, since: begin) else { return nil }
      number += 1
    }
  }

  /// Waits and returns true if there is another attempt.
  private func goesOn(after number: Int, since begin: Int) -> Bool {
    if number >= attempts || monotonicMilliseconds() - begin >= milliseconds { return false }
    OS.pause(microseconds: pause(number))
    return true
  }
}
