// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CLinux
import Glibc
import OS

/// A TCP connection on which bytes without a meaning go in one direction, as fast as they can.
///
/// The buffers are so large that the kernel goes on by itself for seconds; one thread is both ends.
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

  // The reset from an end that has not read everything spares the other sending it.
  deinit { receiver.descriptor.close() }

  /// Bits of payload a second that arrive on average over a time, after another time in which they do not count.
  package func rate(after start: Duration = .milliseconds(500), over time: Duration) async throws -> Double {
    try await onOwnThread { [self] in
      let clock = ContinuousClock()
      _ = try pump(until: clock.now + start)
      let begin = clock.now
      let bytes = try pump(until: begin + time)
      return Double(bytes) * 8 / ((clock.now - begin) / .seconds(1))
    }
  }

  /// What several flows have together; they use up what there is more evenly than one, which goes back after a loss.
  package static func rate(of flows: [Flow], over time: Duration) async throws -> Double {
    try await withThrowingTaskGroup { group in
      for flow in flows { group.addTask { try await flow.rate(over: time) } }
      return try await group.reduce(0, +)
    }
  }

  /// Bits of payload a second of the next so many bytes, measured for a second at most. It keeps the thread.
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

  /// Sends what the kernel takes, and returns how many bytes have come since the last time.
  private func pump() throws -> Int {
    let bytes = Self.bytes
    while try Self.count({ send(sender.descriptor.number, bytes, bytes.count, Int32(MSG_DONTWAIT)) }) > 0 {}
    var total = 0
    while true {
      // What is cut off goes without being copied (tcp(7)).
      let flags = Int32(MSG_DONTWAIT | MSG_TRUNC)
      let count = try Self.count { recv(receiver.descriptor.number, nil, Self.buffer, flags) }
      if count == 0 { return total }
      total += count
    }
  }

  private static let bytes = [UInt8](repeating: 0, count: 65_536)
  /// In bytes; the kernel doubles it for what it needs itself.
  private static let buffer = 4 << 20

  private static func socket(_ endpoint: Endpoint) throws -> Socket {
    let socket = try Socket(endpoint, type: SOCK_STREAM, timeout: standardTimeout)
    // Beyond the limits for everybody; before connecting, as the window's scale depends on it.
    try socket.set(SOL_SOCKET, SO_SNDBUFFORCE, Int32(buffer))
    try socket.set(SOL_SOCKET, SO_RCVBUFFORCE, Int32(buffer))
    return socket
  }

  /// How many bytes a call has moved; none if it would have to wait.
  private static func count(_ call: () -> Int) throws -> Int {
    let count = call()
    if count >= 0 { return count }
    if errno == EAGAIN || errno == EINTR { return 0 }
    throw SocketError(SystemError("move bytes", number: errno))
  }
}
