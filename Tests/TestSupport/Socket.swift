// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

// An optimized build finds `SOCK_STREAM` only through the kernel's headers.
import CLinux
import Glibc
import OS

/// Why a packet or a connection failed.
package struct SocketError: Error, Equatable, CustomStringConvertible {
  package enum Kind: Sendable { case timeout, refused, unreachable, reset, other }
  package let kind: Kind
  package let description: String

  init(_ error: SystemError) {
    let kind: Kind =
      switch error.number {
      case EAGAIN, EINPROGRESS, ETIMEDOUT: .timeout
      case ECONNREFUSED: .refused
      case EHOSTUNREACH, ENETUNREACH: .unreachable
      case ECONNRESET, EPIPE: .reset
      default: .other
      }
    self.kind = kind
    // A socket's time limit has errno EAGAIN or EINPROGRESS, whose texts do not say what happened.
    description = kind == .timeout ? SystemError(error.action, number: ETIMEDOUT).description : error.description
  }
}

/// The default time limit of a call, in milliseconds.
package let standardTimeout = 2000

/// A socket of this thread's namespace; every call ends within its time limit.
struct Socket: Sendable {
  let descriptor: Descriptor

  init(_ endpoint: Endpoint, type: __socket_type, protocol number: Int32 = 0, timeout: Int) throws(SocketError) {
    let family = Int32(endpoint.address.family.number)
    let type = Int32(type.rawValue | SOCK_CLOEXEC.rawValue)
    descriptor = Descriptor(owning: try Self.call("socket") { Glibc.socket(family, type, number) })
    try limit(milliseconds: timeout)
  }

  private init(owning number: Int32) { descriptor = Descriptor(owning: number) }

  /// The limit holds for connecting, sending, accepting and receiving.
  func limit(milliseconds: Int) throws(SocketError) {
    let limit = timeval(tv_sec: milliseconds / 1000, tv_usec: milliseconds % 1000 * 1000)
    try set(SOL_SOCKET, SO_RCVTIMEO, limit)
    try set(SOL_SOCKET, SO_SNDTIMEO, limit)
  }

  func set<T: BitwiseCopyable>(_ level: Int32, _ option: Int32, _ value: T) throws(SocketError) {
    var value = value
    try Self.call("setsockopt") {
      setsockopt(descriptor.number, level, option, &value, socklen_t(MemoryLayout<T>.size))
    }
  }

  func set(_ level: Int32, _ option: Int32, bytes: [UInt8]) throws(SocketError) {
    try Self.call("setsockopt") { setsockopt(descriptor.number, level, option, bytes, socklen_t(bytes.count)) }
  }

  func bind(_ endpoint: Endpoint) throws(SocketError) {
    try set(SOL_SOCKET, SO_REUSEADDR, Int32(1))
    if endpoint.address.family == .ip6 { try set(Int32(IPPROTO_IPV6), IPV6_V6ONLY, Int32(1)) }
    // A program that another test starts holds a closed socket between fork and execve.
    for _ in 0..<200 {
      if Self.with(endpoint, { Glibc.bind(descriptor.number, $0, $1) }) == 0 { return }
      if errno != EADDRINUSE { break }
      usleep(10_000)
    }
    try Self.call("bind \(endpoint)") { Self.with(endpoint) { Glibc.bind(descriptor.number, $0, $1) } }
  }

  func connect(_ endpoint: Endpoint) throws(SocketError) {
    try Self.call("connect to \(endpoint)") { Self.with(endpoint) { Glibc.connect(descriptor.number, $0, $1) } }
  }

  func listen() throws(SocketError) {
    try Self.call("listen") { Glibc.listen(descriptor.number, 128) }
  }

  func accept(timeout: Int) throws(SocketError) -> Socket {
    let socket = Socket(owning: try Self.call("accept") { Glibc.accept(descriptor.number, nil, nil) })
    _ = fcntl(socket.descriptor.number, F_SETFD, FD_CLOEXEC)
    try socket.limit(milliseconds: timeout)
    return socket
  }

  func send(_ bytes: [UInt8], to endpoint: Endpoint? = nil) throws(SocketError) {
    let flags = Int32(MSG_NOSIGNAL)
    try Self.call(endpoint.map { "send to \($0)" } ?? "send") {
      guard let endpoint else { return Glibc.send(descriptor.number, bytes, bytes.count, flags) }
      return Self.with(endpoint) { sendto(descriptor.number, bytes, bytes.count, flags, $0, $1) }
    }
  }

  /// One packet, or the available bytes of a stream; empty at its end.
  func receive() throws(SocketError) -> (bytes: [UInt8], from: Endpoint?) {
    var bytes = [UInt8](repeating: 0, count: 65_536)
    var source = [UInt8](repeating: 0, count: MemoryLayout<sockaddr_in6>.size)
    var length = socklen_t(source.count)
    let count = try Self.call("receive") {
      source.withUnsafeMutableBytes { source in
        let address = source.baseAddress?.assumingMemoryBound(to: sockaddr.self)
        return recvfrom(descriptor.number, &bytes, bytes.count, 0, address, &length)
      }
    }
    return (Array(bytes.prefix(count)), Endpoint(sockaddr: Array(source.prefix(Int(length)))))
  }

  /// The address that `getsockname` or `getpeername` tells.
  func endpoint(
    _ function: (Int32, UnsafeMutablePointer<sockaddr>, UnsafeMutablePointer<socklen_t>) -> Int32
  ) throws(SocketError) -> Endpoint {
    var bytes = [UInt8](repeating: 0, count: MemoryLayout<sockaddr_in6>.size)
    var length = socklen_t(bytes.count)
    try Self.call("read a socket's address") {
      bytes.withUnsafeMutableBytes {
        function(descriptor.number, $0.baseAddress.unsafelyUnwrapped.assumingMemoryBound(to: sockaddr.self), &length)
      }
    }
    guard let endpoint = Endpoint(sockaddr: Array(bytes.prefix(Int(length)))) else {
      throw SocketError(SystemError("read a socket's address", number: EAFNOSUPPORT))
    }
    return endpoint
  }

  private static func with<T>(_ endpoint: Endpoint, _ body: (UnsafePointer<sockaddr>, socklen_t) -> T) -> T {
    endpoint.bytes.withUnsafeBytes {
      body($0.baseAddress.unsafelyUnwrapped.assumingMemoryBound(to: sockaddr.self), socklen_t($0.count))
    }
  }

  @discardableResult
  private static func call<T: SignedInteger>(
    _ action: @autoclosure () -> String, _ body: () -> T
  ) throws(SocketError) -> T {
    do {
      return try systemCall(action(), body)
    } catch {
      throw SocketError(error)
    }
  }
}
