// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import OS
import Testing

@Suite struct RetryTests {
  private final class Pauses: @unchecked Sendable { var numbers: [Int] = [] }

  /// A retry that notes after which attempts it waits.
  private static func retry(attempts: Int = .max, milliseconds: Int = .max, _ pauses: Pauses) -> Retry {
    Retry(attempts: attempts, milliseconds: milliseconds) {
      pauses.numbers.append($0)
      return 100
    }
  }

  @Test("it goes on until there is a value, and waits only between attempts", arguments: 1...5)
  func value(at success: Int) {
    let pauses = Pauses()
    var attempts = 0
    let value = Self.retry(attempts: 5, pauses).run {
      attempts += 1
      return attempts == success ? attempts : nil
    }
    #expect(value == success)
    #expect(pauses.numbers == Array(1..<success))
  }

  @Test("after so many attempts there is nothing")
  func enough() {
    let pauses = Pauses()
    var attempts = 0
    let value: Int? = Self.retry(attempts: 3, pauses).run {
      attempts += 1
      return nil
    }
    #expect(value == nil && attempts == 3)
    #expect(pauses.numbers == [1, 2])
  }

  @Test("after so many milliseconds no attempt begins, but the first always does")
  func late() {
    let begin = monotonicMilliseconds()
    var attempts = 0
    for milliseconds in [0, 30] {
      let value: Int? = Self.retry(milliseconds: milliseconds, Pauses()).run {
        attempts += 1
        return nil
      }
      #expect(value == nil)
      if milliseconds == 0 { #expect(attempts == 1) }
    }
    #expect(attempts > 2 && monotonicMilliseconds() - begin >= 30)
  }

  @Test("an error ends it at once")
  func error() {
    let pauses = Pauses()
    var attempts = 0
    #expect(throws: SystemError("x", number: 1)) {
      try Self.retry(attempts: 5, pauses).run { () throws(SystemError) -> Int? in
        attempts += 1
        if attempts == 2 { throw SystemError("x", number: 1) }
        return nil
      }
    }
    #expect(pauses.numbers == [1])
  }
}
