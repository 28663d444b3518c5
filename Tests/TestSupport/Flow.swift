// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CLinux
import Glibc
import OS

/// A TCP connection that sends meaningless bytes in one direction, as fast as possible.
///
/// The buffers are so large that the kernel goes on by itself for seconds; one thread serves both ends.
package final class Flow: Sendable {
  private let sender: Socket
  private let receiver: Socket

  /// Connects to an address of another namespace; `local` is the sender's own.
  package init(from client: Namespace, _ local: String? = nil, to server: Namespace, _ remote: String) throws {
    let listener = try server.run {
      let socket = try Self.socket(Endpoint(remote, 0))
      try socket.bind(Endpoint(remote, 0))
      try socket.listen()
      return socket
    }
    let endpoint = try listener.endpoint(getsockname)
    sender = try client.run {
      let socket = try Self.socket(endpoint)
      if let local { try socket.bind(Endpoint(local, 0)) }
      try socket.connect(endpoint)
      return socket
    }
    receiver = try listener.accept(timeout: standardTimeout)
  }

  // Closing with unread data sends a reset, which stops the sender.
  deinit { receiver.descriptor.close() }

  /// The average rate of received payload over a time, in bits per second, after a warm-up that is not counted.
  package func rate(after start: Duration = .milliseconds(500), over time: Duration) async throws -> Double {
    try await onOwnThread { [self] in
      let clock = ContinuousClock()
      _ = try pump(until: clock.now + start)
      let begin = clock.now
      let bytes = try pump(until: begin + time)
      return Double(bytes) * 8 / ((clock.now - begin) / .seconds(1))
    }
  }

  /// The total rate of several flows, which use the bandwidth more evenly than one that slows down after a loss.
  package static func rate(of flows: [Flow], over time: Duration) async throws -> Double {
    try await withThrowingTaskGroup { group in
      for flow in flows { group.addTask { try await flow.rate(over: time) } }
      return try await group.reduce(0, +)
    }
  }

  /// The rate of the next bytes in bits per second, measured for at most a second. It blocks the thread.
  package func rateNow(bytes wanted: Int = 2_000_000) throws -> Double {
    let clock = ContinuousClock()
    let begin = clock.now
    var bytes = 0
    while bytes < wanted, clock.now - begin < .seconds(1) {
      let count = try pump()
      bytes += count
      if count == 0 { usleep(500) }
    }
    return Double(bytes) * 8 / ((clock.now - begin) / .seconds(1))
  }

  private func pump(until end: ContinuousClock.Instant) throws -> Int {
    var bytes = 0
    repeat {
      usleep(2000)
      bytes += try pump()
    } while ContinuousClock.now < end
    return bytes
  }

  /// Sends what the kernel accepts; returns the number of bytes received since the last call.
  private func pump() throws -> Int {
    let bytes = Self.bytes
    while try Self.count({ send(sender.descriptor.number, bytes, bytes.count, Int32(MSG_DONTWAIT)) }) > 0 {}
    var total = 0
    while true {
      // With MSG_TRUNC the kernel discards received bytes without copying (tcp(7)).
      let flags = Int32(MSG_DONTWAIT | MSG_TRUNC)
      let count = try Self.count { recv(receiver.descriptor.number, nil, Self.buffer, flags) }
      if count == 0 { return total }
      total += count
    }
  }

  private static let bytes = [UInt8](repeating: 0, count: 65_536)
  /// In bytes; the kernel doubles it for its own bookkeeping.
  private static let buffer = 4 << 20

  private static func socket(_ endpoint: Endpoint) throws -> Socket {
    let socket = try Socket(endpoint, type: SOCK_STREAM, timeout: standardTimeout)
    // The FORCE options exceed the sysctl limits. Set before connecting, because the window scale depends on it.
    try socket.set(SOL_SOCKET, SO_SNDBUFFORCE, Int32(buffer))
    try socket.set(SOL_SOCKET, SO_RCVBUFFORCE, Int32(buffer))
    return socket
  }

  /// The number of bytes that a call moved; 0 if it would block.
  private static func count(_ call: () -> Int) throws -> Int {
    let count = call()
    if count >= 0 { return count }
    if errno == EAGAIN || errno == EINTR { return 0 }
    throw SocketError(SystemError("move bytes", number: errno))
  }
}
