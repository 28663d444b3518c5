// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI
import Rules
import Testing

@Suite struct AppliedChangeTests {
  private let failure = CNIError(.inputOutput, "no")

  @Test("a change whose steps are done is completed, and not undone")
  func completed() throws {
    var events: [String] = []
    let change = AppliedChange {
      events.append("undo")
    } completion: {
      events.append("completion")
    }
    try change.complete { events.append("step") }
    #expect(events == ["step", "completion"])
  }

  @Test("a change of which a step fails is undone, with that error")
  func undone() {
    var events: [String] = []
    let change = AppliedChange {
      events.append("undo")
    } completion: {
      events.append("completion")
    }
    #expect(throws: failure) { try change.complete { () throws(CNIError) in throw failure } }
    #expect(events == ["undo"])
  }

  @Test("what could not be undone is told beside the error")
  func notUndone() {
    let change = AppliedChange { () throws(CNIError) in throw CNIError(.kernelRefused, "gone") }
    let detailed = CNIError(.inputOutput, "no", details: "why")
    let error = #expect(throws: CNIError.self) {
      try change.complete { () throws(CNIError) in throw detailed }
    }
    #expect(error?.code == .inputOutput && error?.message == "no")
    #expect(error?.details == "why; and what was done could not be undone: gone")
  }

  @Test("a change that was only tried has no steps")
  func rehearsed() throws {
    let change = AppliedChange.rehearsed(takeovers: [Takeover(of: "x", previous: "a/b/c")])
    try change.complete { () throws(CNIError) in throw failure }
    #expect(change.takeovers.map(\.subject) == ["x"])
  }
}
