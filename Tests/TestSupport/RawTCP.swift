// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CLinux
import Glibc

/// A raw socket for TCP segments outside connections.
package final class RawTCP: Sendable {
  private let socket: Socket
  private let local: Endpoint

  /// Sends from an address, and receives segments to it, in this thread's namespace.
  package init(_ address: String, timeout: Int = 300) throws {
    local = Endpoint(address, 0)
    socket = try Socket(local, type: SOCK_RAW, protocol: Int32(IPPROTO_TCP), timeout: timeout)
  }

  /// Sends a reset, which starts no tracked connection and gets no reply.
  package func sendReset(fromPort port: UInt16, to remote: Endpoint) throws {
    func two(_ number: Int) -> [UInt8] { [UInt8(truncatingIfNeeded: number >> 8), UInt8(truncatingIfNeeded: number)] }
    // Ports, sequence numbers, the header's length in words of 4 bytes, RST, window, checksum, urgent pointer (RFC 9293).
    var segment = two(Int(port)) + two(Int(remote.port)) + [0, 0, 0, 1, 0, 0, 0, 0, 0x50, 0x04, 0, 0, 0, 0, 0, 0]
    let pseudoHeader = local.address.bytes + remote.address.bytes + two(Int(IPPROTO_TCP)) + two(segment.count)
    segment.replaceSubrange(16..<18, with: two(internetChecksum(pseudoHeader + segment)))
    // A raw socket ignores the address's port.
    try socket.send(segment, to: Endpoint(remote.address, 0))
  }

  /// Whether a segment comes from this port within the time limit.
  package func receives(fromPort port: UInt16) throws -> Bool {
    do {
      while true {
        let packet = try socket.receive().bytes
        // Only IPv4 raw sockets deliver the IP header.
        let start = local.address.family == .ip ? Int((packet.first ?? 0) & 0x0f) * 4 : 0
        guard packet.count >= start + 20 else { continue }
        if UInt16(packet[start]) << 8 | UInt16(packet[start + 1]) == port { return true }
      }
    } catch {
      if error.kind == .timeout { return false }
      throw error
    }
  }
}

/// The checksum of RFC 1071 over an even number of bytes.
private func internetChecksum(_ bytes: [UInt8]) -> Int {
  var sum = stride(from: 0, to: bytes.count, by: 2).reduce(0) { $0 + (Int(bytes[$1]) << 8 | Int(bytes[$1 + 1])) }
  while sum > 0xffff { sum = (sum & 0xffff) + (sum >> 16) }
  return ~sum & 0xffff
}
