// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI
import Testing

@Suite struct ErrorCollectorTests {
  @Test("each step is taken, and of failures the first has the code and all have their say")
  func failures() throws {
    var steps: [Int] = []
    func report(_ errors: [CNIError?]) -> CNIError? {
      var failures = ErrorCollector()
      for (index, error) in errors.enumerated() {
        failures.run { () throws(CNIError) in
          steps.append(index)
          if let error { throw error }
        }
      }
      do {
        try failures.throwIfAny()
        return nil
      } catch {
        return error
      }
    }
    let (first, second) = (CNIError(.kernelRefused, "a", details: "x"), CNIError(.notAvailable, "b", details: "y"))
    #expect(report([]) == nil)
    #expect(report([nil, nil]) == nil)
    #expect(report([nil, first]) == first)
    #expect(report([first, nil, second]) == CNIError(.kernelRefused, "a; b", details: "x"))
    #expect(steps == [0, 1, 0, 1, 0, 1, 2])
  }
}
