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

  /// Receives what is sent to a group on the interface with this index in the namespace.
  package func join(_ group: String, interface index: Int32) throws {
    let address = Endpoint(group, 0).address
    // struct ip_mreqn and struct ipv6_mreq (linux/in.h, linux/in6.h): the group, for IPv4 any local address, the interface.
    let bytes = address.bytes + (address.family == .ip ? [0, 0, 0, 0] : [])
    let number = withUnsafeBytes(of: index) { Array($0) }
    if address.family == .ip {
      try socket.set(Int32(IPPROTO_IP), IP_ADD_MEMBERSHIP, bytes: bytes + number)
    } else {
      try socket.set(Int32(IPPROTO_IPV6), IPV6_ADD_MEMBERSHIP, bytes: bytes + number)
    }
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
