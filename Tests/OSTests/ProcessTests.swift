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

  @Test("the words of the command line are those of CommandLine, as bytes")
  func words() throws {
    let words = try #require(processWords())
    #expect(words.map { String(decoding: $0, as: UTF8.self) } == CommandLine.arguments)
  }

  @Test("a process has one start, before that of its children, and one that is not there has none")
  func start() throws {
    let own = try #require(startTime(ofProcess: Int(getpid())))
    #expect(startTime(ofProcess: Int(getpid())) == own)
    let child = try Program("sleep").start(["60"])
    let started = try #require(startTime(ofProcess: Int(child.pid)))
    #expect(started >= own)
    child.kill()
    _ = try child.wait()
    #expect(startTime(ofProcess: Int(child.pid)) != started)
    #expect(startTime(ofProcess: -1) == nil)
  }

  @Test("a pause lasts as long as it was asked to")
  func pauseLasts() {
    let clock = ContinuousClock()
    #expect(clock.measure { pause(microseconds: 2000) } >= .milliseconds(2))
  }
}
