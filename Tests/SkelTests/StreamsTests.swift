// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Testing

@testable import Skel

@Suite struct StreamsTests {
  @Test("a variable that is empty is not set", arguments: Variable.allCases)
  func variable(variable: Variable) {
    func value(_ environment: [String: String]) -> String? {
      Streams(environment: environment, readInput: { _ in [] }, writeOutput: { _ in }, note: { _ in })[variable]
    }
    #expect(value([variable.rawValue: "x"]) == "x")
    #expect(value([variable.rawValue: ""]) == nil)
    #expect(value([:]) == nil)
  }

  @Test("the streams of this process have what of its environment is CNI's")
  func process() {
    #expect(Streams.process().environment.keys.allSatisfy { $0.hasPrefix("CNI_") })
  }
}
