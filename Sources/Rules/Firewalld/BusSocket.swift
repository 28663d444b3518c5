// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CLinux
import Glibc
import OS

/// An action over the bus, described for errors, and its deadline.
struct Exchange {
  let action: String
  private let end: Int

  init(_ action: String, milliseconds: Int32) {
    self.init(action, end: monotonicMilliseconds() + Int(milliseconds))
  }

  private init(_ action: String, end: Int) {
    self.action = action
    self.end = end
  }

  /// A part of this action, with the same deadline.
  func renamed(_ action: String) -> Exchange { Exchange(action, end: end) }

  /// The milliseconds until the deadline; throws if it has passed.
  func rest() throws(DBusError) -> Int32 {
    let rest = end - monotonicMilliseconds()
    if rest <= 0 { throw .timedOut(action: action) }
    return Int32(clamping: rest)
  }

  func violation(_ reason: String) -> DBusError { .violation(action: action, reason: reason) }

  /// Decodes received bytes, and turns a failure into a violation.
  func understand<T>(_ read: () throws(Malformed) -> T) throws(DBusError) -> T {
    do {
      return try read()
    } catch {
      throw violation("the bus sent \(error.reason)")
    }
  }
}

/// A stream socket to a program on this machine; every call on it ends at the deadline of its exchange.
struct BusSocket: ~Copyable {
  private let file: FileDescriptor

  static func connect(to address: BusAddress, _ exchange: Exchange) throws(DBusError) -> BusSocket {
    let milliseconds = Int(try exchange.rest())
    do throws(SystemError) {
      let type = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
      let file = FileDescriptor(owning: try systemCall("socket") { socket(AF_UNIX, type, 0) })
      // `connect` blocks while the listener's queue is full, which `poll` does not cover.
      var limit = timeval(tv_sec: milliseconds / 1000, tv_usec: milliseconds % 1000 * 1000)
      let size = socklen_t(MemoryLayout<timeval>.size)
      try systemCall("setsockopt") { unsafe setsockopt(file.number, SOL_SOCKET, SO_SNDTIMEO, &limit, size) }
      var name = sockaddr_un()
      name.sun_family = sa_family_t(AF_UNIX)
      let path = address.isAbstract ? [0] + address.name : address.name + [0]
      unsafe withUnsafeMutableBytes(of: &name.sun_path) { unsafe $0.copyBytes(from: path) }
      let length = socklen_t(MemoryLayout<sa_family_t>.size + path.count)
      try systemCall("connect") {
        unsafe withUnsafePointer(to: name) {
          unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe Glibc.connect(file.number, $0, length) }
        }
      }
      return BusSocket(file: file)
    } catch {
      let reason = SystemError.text(error.number)
      switch error.number {
      case ENOENT, ENOTDIR, ECONNREFUSED: throw .noBus(action: exchange.action, reason: reason)
      case EAGAIN: throw .timedOut(action: exchange.action)
      default: throw .refused(action: exchange.action, reason: reason)
      }
    }
  }

  /// Sends all bytes.
  func send(_ bytes: [UInt8], _ exchange: Exchange) throws(DBusError) {
    let flags = Int32(MSG_DONTWAIT | MSG_NOSIGNAL)
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = try transfer(POLLOUT, exchange) {
        unsafe rest.withUnsafeBytes { unsafe Glibc.send(file.number, $0.baseAddress, $0.count, flags) }
      }
      rest = rest.dropFirst(count)
    }
  }

  /// Receives the bytes that are available, and waits for the first.
  func receive(_ exchange: Exchange) throws(DBusError) -> [UInt8] {
    let bytes = unsafe try [UInt8].filled(4096) { (buffer) throws(DBusError) in
      try transfer(POLLIN, exchange) {
        unsafe recv(file.number, buffer.baseAddress, buffer.count, Int32(MSG_DONTWAIT))
      }
    }
    if bytes.isEmpty { throw exchange.violation("the bus closed the connection") }
    return bytes
  }

  /// Waits until the socket is ready, then calls `body`, which must not block.
  private func transfer(_ events: Int32, _ exchange: Exchange, _ body: () -> Int) throws(DBusError) -> Int {
    while true {
      var request = pollfd(fd: file.number, events: Int16(events), revents: 0)
      let ready = unsafe poll(&request, 1, try exchange.rest())
      if ready == 0 { continue }
      let count = ready < 0 ? -1 : body()
      let failure = errno
      if count >= 0 { return count }
      if failure != EAGAIN, failure != EINTR { throw exchange.violation(SystemError.text(failure)) }
    }
  }
}
