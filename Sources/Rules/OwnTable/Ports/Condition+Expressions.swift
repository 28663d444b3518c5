// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CLinux
import NFTables
import Netlink
import Rules

/// Expressions that match the packets which fail a condition.
struct ConditionFailure {
  /// A packet that matches any of these lists fails the condition.
  var matches: [[Expression]] = []
  /// The sets that the matches look up, and the elements of these sets.
  var sets: [NamedSet] = []
  var elements: [Element] = []
}

extension Condition {
  /// Matches the packets that fail this condition.
  func failure(_ family: AddressFamily, setName: String) -> ConditionFailure {
    switch test {
    case .source(let prefixes): return failure(.source, prefixes, family, setName)
    case .destination(let prefixes): return failure(.destination, prefixes, family, setName)
    case .inputInterface(let name, let isPrefix):
      // The kernel pads a name with NUL to 16 bytes; a beginning is compared without padding.
      let padding = isPrefix ? 0 : 16 - name.utf8.count
      let bytes = Array(name.utf8) + [UInt8](repeating: 0, count: max(0, padding))
      return ConditionFailure(matches: [[.meta(NFT_META_IIFNAME), .compare(bytes, isNegated: !isNegated)]])
    case .sourcePort(let transport, let ranges): return failure(transport, ranges, setName)
    case .mark(let value, let mask):
      let masking: [Expression] = mask == .max ? [] : [.mask([UInt8](integer: mask))]
      let compare = Expression.compare([UInt8](integer: value), isNegated: !isNegated)
      return ConditionFailure(matches: [[.meta(NFT_META_MARK)] + masking + [compare]])
    }
  }

  /// A condition about source ports is also failed by every packet of another protocol.
  private func failure(_ transport: TransportProtocol, _ ranges: [ClosedRange<UInt16>], _ setName: String)
    -> ConditionFailure
  {
    let otherProtocol = Match.transport(transport, isNegated: true)
    let load = Match.transport(transport) + [Match.loadPort(.source)]
    if let port = ranges.first?.lowerBound, ranges == [port...port] {
      return ConditionFailure(
        matches: [otherProtocol, load + [.compare(Self.bytes(port), isNegated: !isNegated)]])
    }
    let limits = Element.intervals(
      setName, ranges.map { (Self.bytes($0.lowerBound), $0.upperBound == .max ? nil : Self.bytes($0.upperBound + 1)) })
    return ConditionFailure(
      matches: [otherProtocol, load + [.lookup(setName, isNegated: !isNegated)]],
      sets: [NamedSet(setName, key: [.internetService], isInterval: true)],
      elements: limits)
  }

  private func failure(
    _ side: Match.Side, _ prefixes: [Prefix], _ family: AddressFamily, _ setName: String
  ) -> ConditionFailure {
    if prefixes.contains(where: { $0.length == 0 }) {
      return ConditionFailure(matches: isNegated ? [Match.family(family)] : [])
    }
    if let only = prefixes.first, prefixes.count == 1 {
      return ConditionFailure(matches: [Match.prefix(side, only, isNegated: !isNegated)])
    }
    let limits = Element.intervals(
      setName, prefixes.map { ($0.network.address.bytes, $0.last.successor?.bytes) })
    return ConditionFailure(
      matches: [Match.address(side, family, in: setName, isNegated: !isNegated)],
      sets: [NamedSet(setName, key: [.address(family)], isInterval: true)],
      elements: limits)
  }

  private static func bytes(_ port: UInt16) -> [UInt8] { [UInt8(port >> 8), UInt8(port & 0xff)] }
}
