// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Glibc
import OS
import TestSupport
import Testing

@Suite struct ProcessTests {
  @Test("a path leads to this program if it is the same file, whatever its name")
  func isThis() throws {
    let folder = try TemporaryFolder()
    let link = "\(folder.path)/plugin"
    try systemCall("symlink") { symlink("/proc/self/exe", link) }
    #expect(isThisProgram(link))
    #expect(!isThisProgram(try folder.add("#!/bin/sh\n", named: "other")))
    #expect(!isThisProgram("\(folder.path)/nosuch"))
  }

  @Test("the program's name is the end of the first word of its command line")
  func name() throws {
    let words = try FileDescriptor.open("/proc/self/cmdline").readAll().split(separator: 0)
    let path = String(decoding: try #require(words.first), as: UTF8.self)
    #expect(invokedName == path.split(separator: "/").last.map(String.init))
  }

  @Test("a pause lasts as long as it was asked to")
  func pauseLasts() {
    let clock = ContinuousClock()
    #expect(clock.measure { pause(microseconds: 2000) } >= .milliseconds(2))
  }
}
