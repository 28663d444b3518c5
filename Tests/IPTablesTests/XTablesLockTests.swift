// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI
import Glibc
import OS
import TestSupport
import Testing

@testable import IPTables
@testable import IPTablesLegacy

@Suite("xtables.lock") struct XTablesLockTests {
  @Test("a FIFO in place of the lock file, without readers and writers, does not block")
  func pipe() throws {
    let folder = try TemporaryFolder()
    let path = "\(folder.path)/xtables.lock"
    try systemCall("mkfifo") { mkfifo(path, 0o600) }
    let started = monotonicMilliseconds()
    let isDone = try XTablesLock(path: path, patience: 1000).held(for: "test") { () throws(CNIError) in true }
    #expect(isDone)
    #expect(monotonicMilliseconds() - started < 5000)
  }

  @Test("a lock that another program holds is code 11 when the patience is over")
  func held() throws {
    let folder = try TemporaryFolder()
    let path = "\(folder.path)/xtables.lock"
    let lock = XTablesLock(path: path, patience: 200)
    let error = #expect(throws: CNIError.self) {
      try lock.held(for: "first") { () throws(CNIError) in
        try lock.held(for: "second") { () throws(CNIError) in Issue.record("both have it") }
      }
    }
    #expect(error?.code == .tryAgainLater)
    #expect(error?.message == "second: another program has held the lock \(path) for 0.2 s")
  }
}
