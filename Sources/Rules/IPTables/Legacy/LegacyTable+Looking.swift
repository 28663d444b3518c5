// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Netlink

/// The table as it was read: changes are not seen.
extension LegacyTable: TableReader {

  func states(of names: [String]) -> [ChainState] {
    names.compactMap { name in
      guard let index = index(of: name) else { return nil }
      let uses = chains[index].rules.count + jumps.count { Int($0) == index }
      return ChainState(name: name, uses: uses, isDropping: isDropping(index))
    }
  }

  func chains(withPrefix prefix: String) -> [String] {
    let prefix = Array(prefix.utf8)
    return sorted.filter { name(of: $0).starts(with: prefix) }.map { String(decoding: name(of: $0), as: UTF8.self) }
  }

  private func isDropping(_ index: Int) -> Bool {
    guard chains[index].hook != nil, let last = chains[index].entries.last else { return false }
    return format.canDrop(bytes[starts[last]..<starts[last + 1]])
  }

  func rules(
    of name: String, holding needles: [[UInt8]]? = nil, until isLast: ((PlacedRule) -> Bool)? = nil
  ) -> [PlacedRule] {
    guard let index = index(of: name) else { return [] }
    return rules(of: index, holding: needles, until: isLast)
  }

  func allRules(holding needles: [[UInt8]]?) -> [(chain: String, rule: PlacedRule)] {
    chains.indices.flatMap { index in
      let rules = rules(of: index, holding: needles, until: nil)
      if rules.isEmpty { return [] as [(chain: String, rule: PlacedRule)] }
      let name = self.title(of: index)
      return rules.map { (name, $0) }
    }
  }

  private func rules(
    of index: Int, holding needles: [[UInt8]]?, until isLast: ((PlacedRule) -> Bool)?
  ) -> [PlacedRule] {
    var rules: [PlacedRule] = []
    for entry in chains[index].rules where needles.map({ holds(entry, $0) }) ?? true {
      let rule = placed(entry)
      rules.append(rule)
      if isLast?(rule) ?? false { break }
    }
    return rules
  }

  private func placed(_ entry: Int) -> PlacedRule {
    let jump = jumps[entry] < 0 ? nil : String(decoding: self.name(of: Int(jumps[entry])), as: UTF8.self)
    // Of the table each rule keeps only these, which takes less time than to keep all of it.
    let (bytes, format, isJump) = (bytes[starts[entry]..<starts[entry + 1]], format, jumps[entry] != Self.noJump)
    return PlacedRule(
      rule: IPTablesRule(entry: bytes, format, jump: jump), jump: jump, handle: UInt64(entry),
      canDrop: !isJump && format.canDrop(bytes), bytes: Array(bytes))
  }

  /// Whether the bytes of an entry, or the name of the chain that it jumps to, hold one of the needles.
  private func holds(_ entry: Int, _ needles: [[UInt8]]) -> Bool {
    if jumps[entry] >= 0, needles.contains(where: { $0[...] == self.name(of: Int(jumps[entry])) }) { return true }
    return unsafe bytes.withUnsafeBytes { all in
      let range = unsafe UnsafeRawBufferPointer(rebasing: all[starts[entry]..<starts[entry + 1]])
      return needles.contains { unsafe range.holds($0) }
    }
  }
}
