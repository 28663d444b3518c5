// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Glibc
import Netlink
import Testing

@testable import NFTables

@Suite struct AttemptsTests {
  /// How often a change is attempted that always fails so.
  private static func count(_ number: Int32, _ attempts: Attempts = Attempts()) -> Int {
    var attempts = attempts
    var count = 1
    while count < 30, attempts.mayRepeat(after: NetlinkError("x", number: number)) { count += 1 }
    return count
  }

  @Test("what passes, and what somebody else may have caused, is told from what is final")
  func kinds() {
    for number in [ERESTART, EINTR, EBUSY, EAGAIN, ENOBUFS] {
      #expect(NetlinkError("x", number: number).isTransient)
      #expect(Self.count(number) == 30)
    }
    for number in [EPERM, EINVAL, EOPNOTSUPP, ENOMEM] {
      #expect(!NetlinkError("x", number: number).isTransient)
      #expect(Self.count(number) == 1)
    }
    #expect(Self.count(EEXIST) == 30)
  }

  @Test("what is missing is looked for as often as the caller says, whatever passed between")
  func missing() {
    #expect(Self.count(ENOENT) == 5)
    #expect(Self.count(ENOENT, Attempts(missingLimit: 10)) == 10)
    var attempts = Attempts(missingLimit: 2)
    let repeats = [ENOENT, ERESTART, ENOENT].map { attempts.mayRepeat(after: NetlinkError("x", number: $0)) }
    #expect(repeats == [true, true, false])
  }

  @Test("a kernel without nf_tables is tried once, however it says so")
  func noTables() {
    for error in [
      NetlinkError("open", number: EPROTONOSUPPORT),
      NetlinkError("read", number: EINVAL, explanation: NetlinkError.noTables),
    ] {
      #expect(error.isNFTablesMissing)
      var attempts = Attempts()
      let repeats = attempts.mayRepeat(after: error)
      #expect(!repeats)
    }
    #expect(!NetlinkError("read", number: EINVAL).isNFTablesMissing)
  }
}
