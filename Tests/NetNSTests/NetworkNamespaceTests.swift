// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Glibc
import NetNS
import Testing

@Suite struct NetworkNamespaceTests {
  @Test(
    "the namespace of this thread is the same by all of its names",
    arguments: ["/proc/self/ns/net", "/proc/thread-self/ns/net"])
  func current(path: String) throws {
    let named = try NetworkNamespace.open(path)
    let isSame = named.isSame(as: try NetworkNamespace.current())
    #expect(isSame)
  }

  @Test(
    "what is no network namespace is refused with its path",
    arguments: [#filePath, "/", "/dev/null", "/proc/self/ns/mnt", "/proc/self/ns/user", "/proc/self/status"])
  func otherKind(path: String) {
    let error = #expect(throws: NetworkNamespaceError.self) { _ = try NetworkNamespace.open(path) }
    #expect(error?.description == "\(path) is not a network namespace")
  }

  @Test("a pipe that nobody writes to is refused at once", .timeLimit(.minutes(1)))
  func pipe() throws {
    let path = "/tmp/swift-cni-test-pipe-\(getpid())"
    try #require(mkfifo(path, 0o600) == 0)
    defer { unlink(path) }
    let error = #expect(throws: NetworkNamespaceError.self) { _ = try NetworkNamespace.open(path) }
    #expect(error?.description == "\(path) is not a network namespace")
  }

  @Test(
    "a path that cannot be opened is refused with the reason",
    arguments: [
      ("/run/netns/no-such-namespace", "No such file or directory"), ("", "No such file or directory"),
      ("/proc/self/status/x", "Not a directory"),
    ])
  func missing(path: String, reason: String) {
    let error = #expect(throws: NetworkNamespaceError.self) { _ = try NetworkNamespace.open(path) }
    #expect(error?.description == "open \(path): \(reason)")
  }
}
