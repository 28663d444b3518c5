// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import IPTables
import Netlink

/// Reads the table as it came from the kernel, without changes.
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
    of name: String, holding patterns: [[UInt8]]? = nil, until isLast: ((PlacedRule) -> Bool)? = nil
  ) -> [PlacedRule] {
    guard let index = index(of: name) else { return [] }
    return rules(of: index, holding: patterns, until: isLast)
  }

  func allRules(holding patterns: [[UInt8]]?) -> [(chain: String, rule: PlacedRule)] {
    chains.indices.flatMap { index in
      let rules = rules(of: index, holding: patterns, until: nil)
      if rules.isEmpty { return [] as [(chain: String, rule: PlacedRule)] }
      let name = self.title(of: index)
      return rules.map { (name, $0) }
    }
  }

  private func rules(
    of index: Int, holding patterns: [[UInt8]]?, until isLast: ((PlacedRule) -> Bool)?
  ) -> [PlacedRule] {
    var rules: [PlacedRule] = []
    let all = chains[index].rules
    for entry in patterns.map({ entries(all, holding: $0) }) ?? Array(all) {
      let rule = placed(entry)
      rules.append(rule)
      if isLast?(rule) ?? false { break }
    }
    return rules
  }

  private func placed(_ entry: Int) -> PlacedRule {
    let jump = jumps[entry] < 0 ? nil : String(decoding: self.name(of: Int(jumps[entry])), as: UTF8.self)
    // A rule keeps only its own bytes, which takes less time than to keep the whole table.
    let (bytes, format, isJump) = (bytes[starts[entry]..<starts[entry + 1]], format, jumps[entry] != Self.noJump)
    return PlacedRule(
      rule: IPTablesRule(entry: bytes, format, jump: jump), jump: jump, handle: UInt64(entry),
      canDrop: !isJump && format.canDrop(bytes), bytes: Array(bytes))
  }

  /// The entries whose bytes, or the name of the chain that they jump to, contain one of the patterns, and perhaps others. One
  /// search through all bytes takes less time than one through each entry.
  private func entries(_ range: Range<Int>, holding patterns: [[UInt8]]) -> [Int] {
    if range.isEmpty { return [] }
    var found = range.filter { entry in
      jumps[entry] >= 0 && patterns.contains { $0[...] == self.name(of: Int(jumps[entry])) }
    }
    unsafe bytes.withUnsafeBytes { all in
      for needle in patterns {
        var start = starts[range.lowerBound]
        let end = starts[range.upperBound]
        while let place = unsafe UnsafeRawBufferPointer(rebasing: all[start..<end]).firstPlace(of: needle) {
          let entry = self.entry(holding: start + place, range)
          found.append(entry)
          start = starts[entry + 1]
        }
      }
    }
    return found.sorted().reduce(into: []) { if $0.last != $1 { $0.append($1) } }
  }

  /// The index of the entry that contains a byte of the table.
  private func entry(holding byte: Int, _ range: Range<Int>) -> Int {
    var (low, high) = (range.lowerBound, range.upperBound - 1)
    while low < high {
      let middle = (low + high + 1) / 2
      if starts[middle] <= byte { low = middle } else { high = middle - 1 }
    }
    return low
  }
}
