// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import OS
import TestSupport
import Testing

@Suite struct ClockTests {
  @Test("the clock counts milliseconds")
  func milliseconds() {
    let before = monotonicMilliseconds()
    pause(microseconds: 20_000)
    #expect(monotonicMilliseconds() - before >= 20)
  }

  @Test("the time of day is UTC to the millisecond, as date tells it")
  func time() throws {
    let program = Program("date")
    let format = ["-u", "+%Y-%m-%dT%H:%M:%S.%3NZ"]
    let before = try program.run(format).outputText.prefix { $0 != "\n" }
    let time = timestamp()
    let after = try program.run(format).outputText.prefix { $0 != "\n" }
    #expect(time.utf8.count == 24)
    #expect(before <= time && time <= after)
  }
}
