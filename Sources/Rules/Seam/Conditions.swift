// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address

/// Conditions that a packet must meet, all of them, to be forwarded by a network's port mappings.
package struct Conditions: Hashable, Sendable {
  /// The network whose conditions these are; they hold for no other.
  package let network: String
  package let family: AddressFamily
  package let all: [Condition]

  package init(network: String, family: AddressFamily, all: [Condition]) {
    self.network = network
    self.family = family
    self.all = all
  }
}

/// One test of a packet.
package struct Condition: Hashable, Sendable {
  /// A property of the packet, and the values that meet the test.
  package enum Test: Hashable, Sendable {
    case source([Prefix])
    case destination([Prefix])
    /// A name, or a prefix of names.
    case inputInterface(String, isPrefix: Bool)
    case sourcePort(TransportProtocol, [ClosedRange<UInt16>])
    /// The fwmark, of which only the mask's bits count.
    case mark(value: UInt32, mask: UInt32)
  }

  package let test: Test
  /// Whether the packet must fail the test.
  package let isNegated: Bool

  package init(_ test: Test, isNegated: Bool = false) {
    self.test = test
    self.isNegated = isNegated
  }
}

extension Condition {
  /// The condition in nft's syntax; equal conditions have equal texts.
  package var text: String {
    let relation = isNegated ? "!= " : ""
    switch test {
    case .source(let prefixes): return "saddr \(relation)\(Self.list(prefixes))"
    case .destination(let prefixes): return "daddr \(relation)\(Self.list(prefixes))"
    case .inputInterface(let name, let isPrefix): return "iifname \(relation)\"\(name)\(isPrefix ? "*" : "")\""
    case .sourcePort(let transport, let ranges):
      let ports = ranges.map { "\($0.lowerBound)\($0.count == 1 ? "" : "-\($0.upperBound)")" }
      return "\(transport.rawValue) sport \(relation){ \(ports.joined(separator: ", ")) }"
    case .mark(let value, let mask):
      return "meta mark & 0x\(String(mask, radix: 16)) \(isNegated ? "!=" : "==") 0x\(String(value, radix: 16))"
    }
  }

  private static func list(_ prefixes: [Prefix]) -> String {
    "{ \(prefixes.map { $0.network.description }.joined(separator: ", ")) }"
  }
}
