// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI
import Testing

@Suite struct RollbackTests {
  private static let first = CNIError(.kernelRefused, "shape eth0: no", details: "")

  @Test("a change that succeeds is not undone")
  func success() throws {
    var undone: [Int] = []
    let value = try allOrNothing { (rollback) throws(CNIError) in
      rollback.add { undone.append(1) }
      return 7
    }
    #expect(value == 7 && undone.isEmpty)
    #expect(try allOrNothing(undo: { undone.append(1) }, { 8 }) == 8)
    #expect(undone.isEmpty)
  }

  @Test("where a step fails, those before it are undone, the last first, and its error is thrown as it is")
  func reversed() {
    var undone: [Int] = []
    #expect(throws: Self.first) {
      try allOrNothing { (rollback) throws(CNIError) in
        for step in 1...3 { rollback.add { undone.append(step) } }
        throw Self.first
      }
    }
    #expect(undone == [3, 2, 1])
    #expect(throws: Self.first) {
      try allOrNothing(undo: { undone = [] }, { () throws(CNIError) in throw Self.first })
    }
    #expect(undone.isEmpty)
  }

  @Test("what cannot be undone keeps nothing else from being undone, and stands in the details of the first error")
  func failingUndo() {
    var undone: [Int] = []
    let left = "and what was done could not be undone"
    #expect(throws: CNIError(.kernelRefused, "shape eth0: no", details: "\(left): b; a")) {
      try allOrNothing { (rollback) throws(CNIError) in
        rollback.add { () throws(CNIError) in throw CNIError(.inputOutput, "a") }
        rollback.add { undone.append(2) }
        rollback.add { () throws(CNIError) in throw CNIError(.tryAgainLater, "b") }
        throw Self.first
      }
    }
    #expect(undone == [2])
    let failure = CNIError(.notAvailable, "x", details: "y")
    #expect(throws: CNIError(.notAvailable, "x", details: "y; \(left): a")) {
      try allOrNothing(
        undo: { () throws(CNIError) in throw CNIError(.inputOutput, "a") }, { () throws(CNIError) in throw failure })
    }
  }
}
