// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Glibc
import OS
import Testing

@testable import Skel

@Suite struct StreamsTests {
  @Test("a variable that is empty is not set", arguments: Variable.allCases)
  func variable(variable: Variable) {
    func value(_ environment: [String: String]) -> String? {
      Streams(environment: Environment(environment), readInput: { _ in [] }, writeOutput: { _ in }, note: { _ in })[
        variable]
    }
    #expect(value([variable.rawValue: "x"]) == "x")
    #expect(value([variable.rawValue: ""]) == nil)
    #expect(value([:]) == nil)
  }

  @Test("the streams of this process have its environment")
  func process() throws {
    let path = try #require(getenv("PATH").map { String(cString: $0) })
    #expect(Streams.process().environment["PATH"] == path)
    #expect(Streams.process().environment["NO_VARIABLE_IS_CALLED_SO"] == nil)
  }
}
