// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import Netlink

/// `-m tcp --dport …`, and the same for udp and sctp.
package struct PortsMatch: XTablesExtension, Hashable {
  package let transport: TransportProtocol
  package let source: Negatable<ClosedRange<UInt16>>?
  package let destination: Negatable<ClosedRange<UInt16>>?

  package init(
    _ transport: TransportProtocol, source: Negatable<ClosedRange<UInt16>>? = nil,
    destination: Negatable<ClosedRange<UInt16>>? = nil
  ) {
    self.transport = transport
    self.source = source
    self.destination = destination
  }

  package var name: String { transport.rawValue }
  package let revision: UInt8 = 0

  /// struct xt_tcp and struct xt_udp (linux/netfilter/xt_tcpudp.h): the ranges of source and destination; for TCP an option and
  /// two flags; the negated sides. struct xt_sctp_info (xt_sctp.h): the range of the destination, then of the source, conditions
  /// for chunks, the sides that are used, and those that are negated.
  package var payload: [UInt8] {
    var bytes: [UInt8] = []
    func append(_ side: Negatable<ClosedRange<UInt16>>?) {
      // An unused side has the whole range, or 0 for SCTP, which has flags for the used sides.
      let range = side?.value ?? (transport == .sctp ? 0...0 : 0...(.max))
      bytes.append(integer: range.lowerBound)
      bytes.append(integer: range.upperBound)
    }
    append(transport == .sctp ? destination : source)
    append(transport == .sctp ? source : destination)
    let negated: UInt8 = (source?.isNegated == true ? 1 : 0) | (destination?.isNegated == true ? 2 : 0)
    switch transport {
    case .tcp: return bytes + [0, 0, 0, negated]
    case .udp: return bytes + [negated, 0]
    case .sctp:
      // 256 bytes for types of chunks, how they are compared, four flags for chunks (type 255 for none), and their number.
      bytes += [UInt8](repeating: 0, count: 256 + 4)
      for _ in 0..<4 { bytes += [255, 0, 0] }
      bytes.append(integer: UInt32(0))
      bytes.append(integer: UInt32(source == nil ? 0 : 1) | (destination == nil ? 0 : 2))
      bytes.append(integer: UInt32(negated))
      return bytes
    }
  }

  package var options: String {
    let parts = [("--sport", source), ("--dport", destination)].compactMap { flag, ports in
      ports.map { "\($0.isNegated ? "! " : "")\(flag) \(rangeText($0.value))" }
    }
    return parts.joined(separator: " ")
  }

  package init?(_ name: String, _ revision: UInt8, _ payload: ArraySlice<UInt8>) {
    guard let transport = TransportProtocol(rawValue: name), revision == 0 else { return nil }
    func range(_ index: Int) -> ClosedRange<UInt16>? {
      guard
        let first = payload.integer(UInt16.self, at: 4 * index),
        let last = payload.integer(UInt16.self, at: 4 * index + 2),
        first <= last
      else { return nil }
      return first...last
    }
    guard let first = range(0), let second = range(1) else { return nil }
    var (looks, negated): (UInt32, UInt32) = (0, 0)
    let rest = Array(payload.dropFirst(8))
    switch transport {
    case .tcp:
      guard rest.count >= 4, rest[0] == 0, rest[1] == 0, rest[2] == 0 else { return nil }
      negated = UInt32(rest[3])
    case .udp:
      guard let byte = rest.first else { return nil }
      negated = UInt32(byte)
    case .sctp:
      guard let flags = rest[...].integer(UInt32.self, at: 276), let inverted = rest[...].integer(UInt32.self, at: 280)
      else {
        return nil
      }
      (looks, negated) = (flags, inverted)
    }
    let (source, destination) = transport == .sctp ? (second, first) : (first, second)
    func side(_ range: ClosedRange<UInt16>, _ bit: UInt32) -> Negatable<ClosedRange<UInt16>>? {
      if transport == .sctp ? looks & bit == 0 : range == 0...(.max) { return nil }
      return Negatable(range, isNegated: negated & bit != 0)
    }
    self.init(transport, source: side(source, 1), destination: side(destination, 2))
  }
}
