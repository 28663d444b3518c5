// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Glibc
import OS
import TestSupport
import Testing

@testable import Launch

@Suite("files that are locked by their owner") struct LockedFileTests {
  private let folder: TemporaryFolder
  private var path: String { "\(folder.path)/record" }

  init() throws { folder = try TemporaryFolder() }

  private struct Missing: Error {}

  private func created() throws -> LockedFile {
    guard let file = try LockedFile.create(path) else { throw Missing() }
    return file
  }

  private func takenOver() throws -> LockedFile {
    guard let file = try LockedFile.takeOver(path) else { throw Missing() }
    return file
  }

  @Test("while its owner lives, a file can neither be created again nor be taken over")
  func held() throws {
    let file = try created()
    try file.write(Array("text".utf8))
    let again = try LockedFile.create(path) == nil
    let taken = try LockedFile.takeOver(path) == nil
    #expect(again && taken && isHeld)
    try file.remove()
    #expect(!pathExists(path))
  }

  @Test("the file of an owner that is gone is taken over, with its contents")
  func left() throws {
    do { try created().write(Array("text".utf8)) }
    #expect(isFreeSoon)
    let file = try takenOver()
    #expect(try file.read() == Array("text".utf8))
    #expect(isHeld)
    try file.remove()
    try file.remove()
  }

  @Test("a program holds the lock exactly if it is passed to programs")
  func passed() throws {
    for isPassed in [true, false] {
      let program: RunningProgram
      do {
        let file = try created()
        try file.pass(toPrograms: isPassed)
        program = try Program("sleep").start(["60"])
        try file.pass(toPrograms: false)
      }
      #expect(isPassed ? isHeld : isFreeSoon)
      program.kill()
      _ = try program.wait()
      #expect(isFreeSoon)
      _ = try Program("rm").run([path])
    }
  }

  @Test("a lock that is taken from programs is free when its owner has ended, and at no instant before")
  func takenBack() throws {
    let program: RunningProgram
    do {
      var file = try created()
      try file.pass(toPrograms: true)
      program = try Program("sleep").start(["60"])
      try file.takeFromPrograms()
      #expect(isHeld)
      try file.write(Array("x".utf8))
    }
    #expect(isFreeSoon)
    program.kill()
    _ = try program.wait()
  }

  private var isHeld: Bool {
    do {
      return try LockedFile.takeOver(path) == nil
    } catch {
      return false
    }
  }

  /// Whether nobody holds the lock; programs that other tests start have this process's descriptors for a moment.
  private var isFreeSoon: Bool {
    for _ in 0..<1000 where isHeld { usleep(10_000) }
    return !isHeld
  }

  @Test("what is no file is not taken over, and holds no lock")
  func missing() throws {
    let missing = try LockedFile.takeOver(path) == nil
    _ = try Program("ln").run(["-s", "/etc/hostname", path])
    let link = try LockedFile.takeOver(path) == nil
    #expect(missing && link)
  }
}
