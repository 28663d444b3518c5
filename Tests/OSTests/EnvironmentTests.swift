// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Glibc
import OS
import Testing

@Suite struct EnvironmentTests {
  @Test("a variable is what getenv finds, and nil where there is none")
  func variable() throws {
    let path = try #require(getenv("PATH").map { String(cString: $0) })
    #expect(environmentVariable("PATH") == path)
    #expect(environmentVariable("NO_VARIABLE_IS_CALLED_SO") == nil)
  }

  @Test("the program's name is the end of the first word of its command line")
  func name() throws {
    let words = try FileDescriptor.open("/proc/self/cmdline").readAll().split(separator: 0)
    let path = String(decoding: try #require(words.first), as: UTF8.self)
    #expect(programName == path.split(separator: "/").last.map(String.init))
  }

  @Test("a pause lasts as long as it was asked to")
  func pauseLasts() {
    let clock = ContinuousClock()
    #expect(clock.measure { pause(microseconds: 2000) } >= .milliseconds(2))
  }
}
