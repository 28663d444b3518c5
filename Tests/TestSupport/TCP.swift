// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CLinux
import Glibc

/// A TCP server. Clients can connect before it accepts, so that one thread can serve both ends.
package final class TCPListener: Sendable {
  private let socket: Socket
  private let timeout: Int
  package let endpoint: Endpoint

  /// Listens in the namespace of this thread; port 0 takes a free one.
  package init(_ address: String, _ port: UInt16, timeout: Int = standardTimeout) throws {
    let wanted = Endpoint(address, port)
    self.timeout = timeout
    socket = try Socket(wanted, type: SOCK_STREAM, timeout: timeout)
    try socket.bind(wanted)
    try socket.listen()
    endpoint = try socket.endpoint(getsockname)
  }

  /// The next connection: its `peer` is the client as the server sees it.
  package func accept() throws -> TCPConnection {
    TCPConnection(try socket.accept(timeout: timeout))
  }

  package func close() { socket.descriptor.close() }
}

/// One end of a TCP connection.
package final class TCPConnection: Sendable {
  private let socket: Socket

  init(_ socket: Socket) { self.socket = socket }

  /// Connects from the namespace of this thread; a failure is a ``SocketError``.
  package static func connect(
    _ address: String, _ port: UInt16, from local: String? = nil, timeout: Int = standardTimeout
  ) throws -> TCPConnection {
    try connect(to: Endpoint(address, port), from: local.map { Endpoint($0, 0) }, timeout: timeout)
  }

  package static func connect(
    to remote: Endpoint, from local: Endpoint? = nil, timeout: Int = standardTimeout
  ) throws -> TCPConnection {
    let socket = try Socket(remote, type: SOCK_STREAM, timeout: timeout)
    if let local { try socket.bind(local) }
    try socket.connect(remote)
    return TCPConnection(socket)
  }

  package var local: Endpoint { get throws { try socket.endpoint(getsockname) } }
  package var peer: Endpoint { get throws { try socket.endpoint(getpeername) } }

  /// Sends a text that fits into the socket's buffer.
  package func send(_ text: String) throws { try socket.send(Array(text.utf8)) }

  /// The available text; empty if the peer has closed.
  package func receive() throws -> String { String(decoding: try socket.receive().bytes, as: UTF8.self) }

  package func close() { socket.descriptor.close() }

  /// Closes the connection with a reset, so that it does not linger.
  package func reset() throws {
    try socket.set(SOL_SOCKET, SO_LINGER, linger(l_onoff: 1, l_linger: 0))
    close()
  }
}
