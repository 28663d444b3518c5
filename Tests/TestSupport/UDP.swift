// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CLinux
import Glibc

/// A UDP socket, server or client.
package final class UDPSocket: Sendable {
  private let socket: Socket

  /// Opens a socket in the namespace of this thread; port 0 takes a free one.
  package init(_ address: String, _ port: UInt16 = 0, timeout: Int = standardTimeout) throws {
    let wanted = Endpoint(address, port)
    socket = try Socket(wanted, type: SOCK_DGRAM, timeout: timeout)
    try socket.bind(wanted)
  }

  package var local: Endpoint { get throws { try socket.endpoint(getsockname) } }

  package func send(_ text: String, to endpoint: Endpoint) throws { try socket.send(Array(text.utf8), to: endpoint) }

  /// The next packet and its sender as this end sees it.
  package func receive() throws -> (text: String, from: Endpoint) {
    let (bytes, source) = try socket.receive()
    return (String(decoding: bytes, as: UTF8.self), source ?? Endpoint("0.0.0.0", 0))
  }

  package func close() { socket.descriptor.close() }
}
