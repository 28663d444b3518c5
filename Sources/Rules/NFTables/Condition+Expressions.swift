// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CLinux
import Netlink
import Rules

extension Condition {
  /// The condition as expressions, with the sets that they look into.
  func encoded(
    _ family: AddressFamily, setName: String
  ) -> (steps: [any Expression], sets: [SetObject], elements: [Element]) {
    switch test {
    case .source(let prefixes): return addresses(.source, prefixes, family, setName)
    case .destination(let prefixes): return addresses(.destination, prefixes, family, setName)
    case .inputInterface(let name, let isPrefix):
      // The kernel pads a name with NUL to 16 bytes; a beginning is compared without padding.
      let padding = isPrefix ? 0 : 16 - name.utf8.count
      let bytes = Array(name.utf8) + [UInt8](repeating: 0, count: max(0, padding))
      return ([LoadMeta(key: NFT_META_IIFNAME), Compare(isNegated: isNegated, bytes: bytes)], [], [])
    case .sourcePort(let transport, let ranges):
      let isTransport: [any Expression] = [LoadMeta(key: NFT_META_L4PROTO), Compare(bytes: [transport.number])]
      let load = isTransport + [Match.loadPort(.source, .first)]
      if let port = ranges.first?.lowerBound, ranges == [port...port] {
        return (load + [Compare(isNegated: isNegated, bytes: Self.bytes(port))], [], [])
      }
      let set = SetObject(name: setName, key: [.internetService], isInterval: true)
      let limits = intervals(
        ranges.map { (Self.bytes($0.lowerBound), $0.upperBound == .max ? nil : Self.bytes($0.upperBound + 1)) }, [0, 0])
      return (load + [Lookup(set: setName, isNegated: isNegated)], [set], limits.map { Self.element(setName, $0) })
    case .mark(let value, let mask):
      let masking = mask == .max ? [] : [Mask(mask: [UInt8](integer: mask))]
      let compare = Compare(isNegated: isNegated, bytes: [UInt8](integer: value))
      return ([LoadMeta(key: NFT_META_MARK)] + masking + [compare], [], [])
    }
  }

  private func addresses(
    _ side: Match.Side, _ prefixes: [Prefix], _ family: AddressFamily, _ setName: String
  ) -> (steps: [any Expression], sets: [SetObject], elements: [Element]) {
    if let only = prefixes.first, prefixes.count == 1, only.family == family {
      return (Match.prefix(side, only, isNegated: isNegated), [], [])
    }
    let set = SetObject(name: setName, key: [.address(family)], isInterval: true)
    let zero = [UInt8](repeating: 0, count: family.bits / 8)
    let limits = intervals(prefixes.map { ($0.network.address.bytes, $0.last.successor?.bytes) }, zero)
    let steps = Match.address(side, family, in: setName, isNegated: isNegated)
    return (steps, [set], limits.map { Self.element(setName, $0) })
  }

  /// Merges intervals from a first value to one past the last (nil: to the end), and answers their ends in order; nft
  /// begins with the end of nothing at zero.
  private func intervals(
    _ list: [(from: [UInt8], to: [UInt8]?)], _ zero: [UInt8]
  ) -> [(key: [UInt8], isEnd: Bool)] {
    var merged: [(from: [UInt8], to: [UInt8]?)] = []
    for next in list.sorted(by: { $0.from.lexicographicallyPrecedes($1.from) }) {
      guard let last = merged.last else {
        merged.append(next)
        continue
      }
      guard let end = last.to else { break }
      if end.lexicographicallyPrecedes(next.from) {
        merged.append(next)
      } else if next.to.map({ end.lexicographicallyPrecedes($0) }) ?? true {
        merged[merged.count - 1].to = next.to
      }
    }
    var limits: [(key: [UInt8], isEnd: Bool)] = merged.first?.from == zero ? [] : [(zero, true)]
    for interval in merged {
      limits.append((interval.from, false))
      if let end = interval.to { limits.append((end, true)) }
    }
    return limits
  }

  private static func element(_ set: String, _ limit: (key: [UInt8], isEnd: Bool)) -> Element {
    Element(set, key: limit.key, comment: nil, endsInterval: limit.isEnd)
  }

  private static func bytes(_ port: UInt16) -> [UInt8] { [UInt8(port >> 8), UInt8(port & 0xff)] }
}
