// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Glibc
import OS
import Testing

@Suite struct EnvironmentTests {
  @Test("a variable is what getenv finds, and nil where there is none")
  func variable() throws {
    let path = try #require(getenv("PATH").map { String(cString: $0) })
    #expect(Environment.process["PATH"] == path)
    #expect(Environment.process["NO_VARIABLE_IS_CALLED_SO"] == nil)
  }

  @Test("a change counts here and leaves the process as it is")
  func changes() throws {
    var environment = Environment.process
    environment["PATH"] = "/x"
    environment["SWIFT_CNI_NEW"] = ""
    #expect(environment["PATH"] == "/x")
    #expect(environment["SWIFT_CNI_NEW"] == "")
    environment["PATH"] = nil
    #expect(environment["PATH"] == nil)
    #expect(Environment.process["PATH"] != nil)
    #expect(Environment.process["SWIFT_CNI_NEW"] == nil)
  }

  @Test("an environment of its own has nothing of the process")
  func own() {
    let environment = Environment(["A": "1"])
    #expect(environment["A"] == "1")
    #expect(environment["PATH"] == nil)
  }
}
