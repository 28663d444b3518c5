// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Glibc
import NetNS
import OS
import TestSupport
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

  @Test(
    "a path leads to a namespace, to none, or nobody knows",
    arguments: [
      ("/proc/self/ns/net", true), ("/proc/self/ns/mnt", false), ("/nosuch", false), ("/dev/null/x", false),
      ("/" + String(repeating: "x", count: 300), nil),
    ] as [(String, Bool?)])
  func exists(path: String, isThere: Bool?) { #expect(NetworkNamespace.exists(path) == isThere) }

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

// MARK: - Making

@Suite(.enabled(if: Namespace.obstacle == nil || Environment.process["CI"] != nil, "needs privileges"))
struct NewNetworkNamespaceTests {
  @Test("a namespace that is made is another one than this and than any other, and this thread stays where it was")
  func made() throws {
    let before = try NetworkNamespace.current()
    let one = try NetworkNamespace.make()
    let other = try NetworkNamespace.make()
    let isSame = one.isSame(as: other) || one.isSame(as: before) || other.isSame(as: before)
    #expect(!isSame)
    let stays = before.isSame(as: try NetworkNamespace.current())
    #expect(stays)
  }

  @Test("in a namespace that is made there is nothing but lo")
  func empty() throws {
    let made = try NetworkNamespace.make()
    let names = try made.run({ $0 }) { () throws(NetworkNamespaceError) in
      var names: [String] = []
      for index in 1..<100 as Range<UInt32> {
        var buffer = [CChar](repeating: 0, count: Int(IF_NAMESIZE))
        guard if_indextoname(index, &buffer) != nil else { continue }
        names.append(String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self))
      }
      return names
    }
    #expect(names == ["lo"])
  }

  @Test("a namespace is found by its descriptor, which no program that is started inherits")
  func descriptor() throws {
    let made = try NetworkNamespace.make()
    let path = "/proc/thread-self/fd/\(made.descriptor)"
    let again = try NetworkNamespace.open(path)
    let isSame = made.isSame(as: again)
    #expect(isSame)
    let number = made.descriptor
    #expect(fcntl(number, F_GETFD) & FD_CLOEXEC != 0)
  }

  @Test("what is thrown in a namespace is thrown out of it, and this thread comes back")
  func thrown() throws {
    let before = try NetworkNamespace.current()
    let made = try NetworkNamespace.make()
    let error = #expect(throws: NetworkNamespaceError.self) {
      try made.run({ $0 }) { () throws(NetworkNamespaceError) in _ = try NetworkNamespace.open("/dev/null") }
    }
    #expect(error?.description == "/dev/null is not a network namespace")
    let stays = before.isSame(as: try NetworkNamespace.current())
    #expect(stays)
  }
}
