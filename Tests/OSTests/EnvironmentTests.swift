// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Glibc
import OS
import Testing

@Suite struct EnvironmentTests {
  @Test("the variables are those that getenv finds, with its values")
  func sameAsGetenv() {
    let variables = environmentVariables()
    #expect(variables["PATH"] != nil)
    for (name, value) in variables {
      #expect(getenv(name).map { String(cString: $0) } == value)
    }
  }

  @Test("only the variables whose names begin as asked are there")
  func prefix() {
    let all = environmentVariables()
    #expect(environmentVariables(prefix: "PATH") == all.filter { $0.key.hasPrefix("PATH") })
    #expect(environmentVariables(prefix: "NO_VARIABLE_BEGINS_SO").isEmpty)
  }

  @Test("a pause lasts as long as it was asked to")
  func pauseLasts() {
    let clock = ContinuousClock()
    #expect(clock.measure { pause(microseconds: 2000) } >= .milliseconds(2))
  }
}
