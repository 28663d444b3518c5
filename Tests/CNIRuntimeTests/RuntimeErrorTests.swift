// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNIRuntime
import Testing

@Suite struct RuntimeErrorTests {
  @Test(
    "limits are told in a readable unit",
    arguments: [(Duration.seconds(2), "2 s"), (.milliseconds(1500), "1.5 s"), (.milliseconds(20), "20 ms")])
  func limits(limit: Duration, text: String) {
    #expect(RuntimeError(.timedOut(limit)).message == "the plugin did not end within \(text), and was ended")
  }

  @Test("further errors and those of the roll-back are told in lines of their own, in that order")
  func lines() {
    var error = RuntimeError(.failed("first"), context: "doing")
    error.others = [RuntimeError(.failed("second"))]
    error.rollback = [RuntimeError(.failed("third"))]
    #expect("\(error)" == "doing: first\nsecond\nroll-back: third")
  }

  @Test("only an error object has a code")
  func code() {
    #expect(RuntimeError(.failed("x")).code == nil)
    #expect(RuntimeError(.refused(code: 11, message: "m", details: "")).code == 11)
  }
}
