// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address

/// What a packet must be like, all of it, for a network's port forwards to take it.
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
  /// What is looked at, and what it should be.
  package enum Test: Hashable, Sendable {
    case source([Prefix])
    case destination([Prefix])
    /// A name, or the beginning of names.
    case inputInterface(String, isPrefix: Bool)
    case sourcePort(TransportProtocol, [ClosedRange<UInt16>])
    /// The packet's mark, of which only the mask's bits count.
    case mark(value: UInt32, mask: UInt32)
  }

  package let test: Test
  /// Whether the packet must be anything but that.
  package let isNegated: Bool

  package init(_ test: Test, isNegated: Bool = false) {
    self.test = test
    self.isNegated = isNegated
  }
}

extension Condition {
  /// The condition in nft's words, always the same for the same condition.
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
