// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import OS
import Testing

@Suite struct ClockTests {
  @Test("the clock counts milliseconds")
  func milliseconds() {
    let before = monotonicMilliseconds()
    pause(microseconds: 20_000)
    #expect(monotonicMilliseconds() - before >= 20)
  }
}
