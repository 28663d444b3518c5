// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Netlink
import Rules

/// `-m multiport --dports …` (linux/netfilter/xt_multiport.h).
package struct MultiportMatch: XTablesExtension, Hashable {
  package enum Side: UInt8, Sendable { case source, destination, either }

  /// The room for ports in one match; a range counts as two.
  package static let limit = 15

  /// Whether one match has room for these ports.
  package static func canHold(_ ports: [ClosedRange<UInt16>]) -> Bool {
    ports.reduce(0) { $0 + ($1.count == 1 ? 1 : 2) } <= limit
  }

  package let side: Side
  package let ports: [ClosedRange<UInt16>]
  package let isNegated: Bool

  package init(_ side: Side, _ ports: [ClosedRange<UInt16>], isNegated: Bool = false) {
    self.side = side
    self.ports = ports
    self.isNegated = isNegated
  }

  package let name = "multiport"
  package let revision: UInt8 = 1

  /// struct xt_multiport_v1: flags, count, the ports, whether each begins a range, whether it is negated.
  package var payload: [UInt8] {
    let words = ports.flatMap { $0.count == 1 ? [$0.lowerBound] : [$0.lowerBound, $0.upperBound] }.prefix(Self.limit)
    let begins = ports.flatMap { $0.count == 1 ? [0] : [1, 0] as [UInt8] }.prefix(Self.limit)
    var bytes: [UInt8] = [side.rawValue, UInt8(words.count)]
    for word in words { bytes.append(integer: word) }
    bytes += [UInt8](repeating: 0, count: 2 * (Self.limit - words.count))
    bytes += begins + [UInt8](repeating: 0, count: Self.limit - begins.count)
    return bytes + [isNegated ? 1 : 0]
  }

  package var options: String {
    let flag = ["--sports", "--dports", "--ports"][Int(side.rawValue)]
    return "\(isNegated ? "! " : "")\(flag) \(ports.map { rangeText($0) }.joined(separator: ","))"
  }

  package init?(_ name: String, _ revision: UInt8, _ payload: ArraySlice<UInt8>) {
    let bytes = Array(payload)
    guard
      name == "multiport", revision == 1, bytes.count >= 48, let side = Side(rawValue: bytes[0]),
      bytes[1] <= Self.limit
    else { return nil }
    var ports: [ClosedRange<UInt16>] = []
    var start: UInt16?
    for index in 0..<Int(bytes[1]) {
      let port = bytes[...].integer(UInt16.self, at: 2 + 2 * index) ?? 0
      if let first = start {
        guard first <= port else { return nil }
        ports.append(first...port)
        start = nil
      } else if bytes[32 + index] != 0 {
        start = port
      } else {
        ports.append(port...port)
      }
    }
    self.init(side, ports, isNegated: bytes[47] != 0)
  }
}

/// As iptables prints ports: `80` or `1024:2000`.
func rangeText(_ ports: ClosedRange<UInt16>) -> String {
  ports.count == 1 ? "\(ports.lowerBound)" : "\(ports.lowerBound):\(ports.upperBound)"
}
