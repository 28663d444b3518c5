// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CLinux
import Glibc

/// A received SCTP packet.
package struct SCTPPacket: Equatable, Sendable {
  package let source: Endpoint
  package let destination: Endpoint
  /// The type of its first chunk: 1 is INIT (RFC 9260, 3.2).
  package let chunk: UInt8
  package let checksumIsRight: Bool

  /// Reads an IPv4 packet with its header.
  init?(_ packet: [UInt8]) {
    guard let first = packet.first else { return nil }
    let start = Int(first & 0x0f) * 4
    guard packet.count >= max(start, 20) + 16 else { return nil }
    func port(_ place: Int) -> UInt16 { UInt16(packet[start + place]) << 8 | UInt16(packet[start + place + 1]) }
    func address(_ place: Int) -> String { packet[place..<place + 4].map(String.init).joined(separator: ".") }
    source = Endpoint(address(12), port(0))
    destination = Endpoint(address(16), port(2))
    chunk = packet[start + 12]
    var body = Array(packet[start...])
    let sum = Array(body[8..<12])
    body.replaceSubrange(8..<12, with: [0, 0, 0, 0])
    checksumIsRight = sum == crc32c(body)
  }
}

/// A raw IPv4 socket for SCTP, which needs no SCTP in the kernel.
package final class RawSCTP: Sendable {
  private let socket: Socket

  /// Receives the packets to an address, in this thread's namespace.
  package init(_ address: String, timeout: Int = standardTimeout) throws {
    let local = Endpoint(address, 0)
    socket = try Socket(local, type: SOCK_RAW, protocol: Int32(IPPROTO_SCTP), timeout: timeout)
    try socket.bind(local)
  }

  /// Sends an INIT from a port of this socket's address.
  package func sendInit(fromPort port: UInt16, to remote: Endpoint) throws {
    func two(_ number: UInt16) -> [UInt8] { [UInt8(number >> 8), UInt8(truncatingIfNeeded: number)] }
    // Header: ports, verification tag 0, checksum. Chunk: INIT, its length, tag, window, streams out and in, first TSN.
    var packet = two(port) + two(remote.port) + [0, 0, 0, 0, 0, 0, 0, 0]
    packet += [1, 0, 0, 20, 0, 0, 0, 1, 0, 1, 0, 0, 0, 1, 0, 1, 0, 0, 0, 1]
    packet.replaceSubrange(8..<12, with: crc32c(packet))
    // A raw socket ignores the address's port.
    try socket.send(packet, to: Endpoint(remote.address, 0))
  }

  /// The next SCTP packet.
  package func receive() throws -> SCTPPacket? { SCTPPacket(try socket.receive().bytes) }

  package func close() { socket.descriptor.close() }
}

/// The checksum of RFC 9260, appendix A, in the order of its bytes in a packet.
private func crc32c(_ bytes: [UInt8]) -> [UInt8] {
  var sum: UInt32 = ~0
  for byte in bytes {
    sum ^= UInt32(byte)
    for _ in 0..<8 { sum = sum & 1 == 1 ? sum >> 1 ^ 0x82f6_3b78 : sum >> 1 }
  }
  return (0..<4).map { UInt8(truncatingIfNeeded: ~sum >> ($0 * 8)) }
}
