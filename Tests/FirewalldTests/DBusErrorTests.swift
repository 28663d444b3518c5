// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Testing

@testable import Firewalld

@Suite struct DBusErrorTests {
  @Test(
    "an error is one line: what was being done, to what, and why it failed",
    arguments: [
      (.noBus(action: "connect to unix:path=/x", reason: "No such file"), "connect to unix:path=/x: No such file"),
      (.refused(action: "connect to it", reason: "not you"), "connect to it: not you"),
      (.timedOut(action: "add it"), "add it: no answer in time"),
      (.violation(action: "add it\u{1b}\nnow", reason: "garbage"), "add it  now: garbage"),
      (.remote(action: "add it", name: "a.Exception", text: "INVALID_ZONE: x"), "add it: INVALID_ZONE: x"),
      (.remote(action: "add it", name: "a.Exception", text: ""), "add it: a.Exception"),
      (
        .remote(action: "add it", name: "a.b", text: "COMMAND_FAILED: why\nJSON blob:\n{}"),
        "add it: COMMAND_FAILED: why"
      ),
    ] as [(DBusError, String)])
  func text(error: DBusError, text: String) {
    #expect("\(error)" == text)
  }

  @Test("a text without an end is cut off")
  func long() {
    let error = DBusError.remote(action: "add", name: "a.b", text: String(repeating: "x", count: 100_000))
    #expect("\(error)".count == 505)
  }
}
