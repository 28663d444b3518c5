// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CLinux
import Glibc
import OS
import Testing

@Suite struct BackgroundCloseTests {
  /// The end that is read from, and the other; programs that tests start do not get them.
  private static func pipe() throws -> [Int32] {
    var ends: [Int32] = [-1, -1]
    try systemCall("pipe") { Glibc.pipe(&ends) }
    for end in ends { try systemCall("fcntl") { fcntl(end, F_SETFD, FD_CLOEXEC) } }
    return ends
  }

  @Test("a file that was put aside is closed by the kernel once it and what follows it are closed here")
  func aside() throws {
    let ends = try Self.pipe()
    let reader = FileDescriptor(owning: ends[0])
    let last = closeInBackground(ends[1])
    let isAside = last != nil
    #expect(isAside)
    close(ends[1])
    _ = consume last
    // The other end is told when nobody can write any more.
    var end = pollfd(fd: reader.number, events: 0, revents: 0)
    #expect(poll(&end, 1, 30_000) == 1)
    #expect(Int32(end.revents) & POLLHUP != 0)
  }

  @Test("what is put aside stays as it is while somebody has it open")
  func open() throws {
    let ends = try Self.pipe()
    let reader = FileDescriptor(owning: ends[0])
    let writer = FileDescriptor(owning: ends[1])
    _ = closeInBackground(writer.number)
    try writer.writeAll([1])
    #expect(try reader.readAll(limit: 1) == [1])
  }
}
