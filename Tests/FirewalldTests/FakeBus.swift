// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CLinux
import Glibc
import OS
import TestSupport

/// A socket in a temporary folder on which a thread of its own serves one connection after another; all ends with it.
final class FakeBus {
  private let folder: TemporaryFolder
  private let listener: Int32
  private var thread = pthread_t()

  var path: String { "\(folder.path)/bus" }
  var address: String { "unix:path=\(path)" }

  /// Serves with a closure, of which a failure ends a connection; without one nobody is served.
  init(abstract: String? = nil, _ serve: (@Sendable (FakeConnection) throws -> Void)?) throws {
    folder = try TemporaryFolder()
    let type = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
    listener = try systemCall("socket") { socket(AF_UNIX, type, 0) }
    var name = sockaddr_un()
    name.sun_family = sa_family_t(AF_UNIX)
    let bytes = abstract.map { [0] + Array($0.utf8) } ?? Array(path.utf8) + [0]
    withUnsafeMutableBytes(of: &name.sun_path) { $0.copyBytes(from: bytes) }
    try systemCall("bind") { [listener] in
      withUnsafePointer(to: &name) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(listener, $0, socklen_t(2 + bytes.count)) }
      }
    }
    // The queue of a listener with nobody behind it holds one.
    try systemCall("listen") { [listener] in listen(listener, serve == nil ? 0 : 8) }
    guard let serve else { return }
    let work = Unmanaged.passRetained(Work(listener, serve))
    let failure = pthread_create(&thread, nil, Self.main, work.toOpaque())
    if failure != 0 { throw SystemError("pthread_create", number: failure) }
  }

  deinit {
    // It wakes the thread that accepts.
    shutdown(listener, Int32(SHUT_RDWR))
    if thread != 0 { pthread_join(thread, nil) }
    close(listener)
  }

  private static let main: @convention(c) (UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? = { pointer in
    guard let pointer else { return nil }
    let work = Unmanaged<Work>.fromOpaque(pointer).takeRetainedValue()
    while true {
      let number = accept(work.listener, nil, nil)
      if number < 0 { return nil }
      try? work.serve(FakeConnection(number))
    }
  }

  private final class Work {
    let listener: Int32
    let serve: @Sendable (FakeConnection) throws -> Void

    init(_ listener: Int32, _ serve: @escaping @Sendable (FakeConnection) throws -> Void) {
      self.listener = listener
      self.serve = serve
    }
  }
}

/// The bus's end of a connection, on which nothing waits for more than two seconds.
final class FakeConnection {
  private let file: FileDescriptor

  init(_ number: Int32) {
    file = FileDescriptor(owning: number)
    var limit = timeval(tv_sec: 2, tv_usec: 0)
    setsockopt(number, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
  }

  /// Lets a client in and gives it its name.
  func welcome() throws {
    _ = try line()
    try say("OK 0123456789abcdef0123456789abcdef\r\n")
    _ = try line()
    _ = try message()
    try send(Trace.name + Trace.signal)
  }

  /// Lets a client in, and returns its calls in their order.
  func serve(_ letters: Letter...) throws {
    try welcome()
    for letter in letters {
      _ = try message()
      try send(letter.bytes)
    }
    untilClosed()
  }

  func line() throws -> String {
    var bytes: [UInt8] = []
    while bytes.last != 10 { bytes += try read(1) }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// A message, in little-endian order.
  func message() throws -> [UInt8] {
    let head = try read(16)
    return try head + read(Int(head[4]) + (Int(head[12]) + 7) / 8 * 8)
  }

  func say(_ text: String) throws { try send(Array(text.utf8)) }

  func send(_ bytes: [UInt8]) throws {
    var rest = bytes[...]
    while !rest.isEmpty {
      rest = rest.dropFirst(
        try systemCall("send") {
          rest.withUnsafeBytes { Glibc.send(file.number, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
        })
    }
  }

  /// Waits until the client goes.
  func untilClosed() { while (try? read(1)) != nil {} }

  private func read(_ count: Int) throws -> [UInt8] {
    let bytes = try file.readAll(limit: count)
    if bytes.count < count { throw SystemError("read", number: ECONNRESET) }
    return bytes
  }
}
