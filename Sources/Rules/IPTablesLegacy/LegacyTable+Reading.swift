// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import IPTables
import Netlink

extension LegacyTable {
  /// Parses the entries from the kernel, with their header. Throws unless the table is laid out as iptables does it.
  init(_ table: IPTable, _ contents: Contents) throws(LegacyTableError) {
    let (info, bytes) = (contents.info, contents.entries)
    let format = EntryFormat(table.family)
    var reader = Reader(format: format, bytes: bytes)
    try reader.findEntries(info)
    try reader.findChains(info)
    try reader.findJumps()
    self.table = table
    self.format = format
    self.info = info
    self.bytes = bytes
    starts = reader.starts
    jumps = reader.jumps
    chains = reader.chains
    sorted = Array(reader.chains.indices.drop { reader.chains[$0].hook != nil })
    try sort()
  }

  /// Old versions of iptables left the last made chain at the end, so chains may have to be sorted.
  private mutating func sort() throws(LegacyTableError) {
    func isSorted() -> Bool { zip(sorted, sorted.dropFirst()).allSatisfy { precedes(name(of: $0), name(of: $1)) } }
    if isSorted() { return }
    sorted = sorted.sorted { precedes(name(of: $0), name(of: $1)) }
    if !isSorted() { throw LegacyTableError("two chains have one name") }
  }
}

/// An error in the layout of a table.
struct LegacyTableError: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) { self.description = description }
}

private struct Reader {
  let format: EntryFormat
  let bytes: [UInt8]
  var starts: [Int] = []
  var jumps: [Int32] = []
  /// The indexes of the ERROR entries, which head chains or end the table.
  var heads: [Int] = []
  var chains: [LegacyTable.Chain] = []

  init(format: EntryFormat, bytes: [UInt8]) {
    self.format = format
    self.bytes = bytes
  }

  /// Finds the start of each entry, and checks that its header and target fit.
  mutating func findEntries(_ info: LegacyTableInfo) throws(LegacyTableError) {
    guard bytes.count == LegacyTable.entriesHeader + info.size else {
      throw LegacyTableError("\(bytes.count) bytes for a table of \(info.size)")
    }
    let least = format.header + EntryFormat.extensionHeader
    // No more memory is reserved than the bytes can hold entries, even if the count is wrong.
    starts.reserveCapacity(min(info.count, bytes.count / least) + 1)
    jumps.reserveCapacity(min(info.count, bytes.count / least))
    var start = LegacyTable.entriesHeader
    while start < bytes.count {
      guard bytes.count - start >= least else { throw broken(start, "is cut off") }
      let target = bytes.integer16(at: start + format.targetOffset)
      let length = bytes.integer16(at: start + format.nextOffset)
      guard
        length % 8 == 0, length <= bytes.count - start, target >= format.header,
        target <= length - EntryFormat.extensionHeader, bytes.integer16(at: start + target) <= length - target
      else { throw broken(start, "has sizes that do not fit") }
      switch bytes[start + target + 2] {
      case 0:
        guard length - target == EntryFormat.standardTarget else { throw broken(start, "has an unknown verdict") }
      case UInt8(ascii: "E") where bytes.isHead(start + target):
        guard target == format.header, length - target == EntryFormat.errorTarget else {
          throw broken(start, "begins no chain")
        }
        heads.append(starts.count)
      default: break
      }
      starts.append(start)
      start += length
    }
    guard starts.count == info.count else {
      throw LegacyTableError("\(starts.count) entries instead of \(info.count)")
    }
    starts.append(start)
  }

  private func broken(_ start: Int, _ what: String) -> LegacyTableError {
    LegacyTableError("the entry at \(start - LegacyTable.entriesHeader) \(what)")
  }

  /// Finds the chains: first those of the hooks, then the others, then an ERROR entry that heads no chain.
  mutating func findChains(_ info: LegacyTableInfo) throws(LegacyTableError) {
    chains.reserveCapacity(info.starts.count + heads.count)
    var next = 0
    for hook in info.starts.indices where info.hooks & (1 << UInt32(hook)) != 0 {
      guard
        entry(at: info.starts[hook]) == next, let policy = entry(at: info.policies[hook]), policy >= next,
        [Verdict.accept, Verdict.drop].contains(lastVerdict(policy))
      else { throw LegacyTableError("hook \(hook) is where it should not be") }
      chains.append(LegacyTable.Chain(hook: hook, entries: next..<policy + 1))
      next = policy + 1
    }
    guard heads.first == next, heads.last == starts.count - 2 else {
      throw LegacyTableError("it has chains where there should be none")
    }
    for (head, end) in zip(heads, heads.dropFirst()) {
      guard end - head >= 2, lastVerdict(end - 1) == Verdict.return else {
        throw broken(starts[head], "begins a chain without an end")
      }
      chains.append(LegacyTable.Chain(hook: nil, entries: head..<end))
    }
  }

  /// The index of the entry at an offset; nil if none starts there.
  private func entry(at offset: UInt32) -> Int? {
    let start = LegacyTable.entriesHeader + Int(offset)
    let index = firstIndex(in: 0..<starts.count - 1) { starts[$0] >= start }
    return index < starts.count - 1 && starts[index] == start ? index : nil
  }

  /// The verdict of an entry without conditions and matches.
  private func lastVerdict(_ entry: Int) -> Int32? {
    let isPlain = starts[entry + 1] - starts[entry] == format.header + EntryFormat.standardTarget
    return isPlain ? verdict(entry) : nil
  }

  /// The verdict of an entry with a standard target; nil for other entries.
  private func verdict(_ entry: Int) -> Int32? {
    let target = starts[entry] + bytes.integer16(at: starts[entry] + format.targetOffset)
    if bytes[target + 2] != 0 { return nil }
    return Int32(bitPattern: bytes.integer32(at: target + EntryFormat.extensionHeader))
  }

  /// Finds the chain of each jump: its verdict is the offset of the first rule after the chain's head.
  mutating func findJumps() throws(LegacyTableError) {
    let own = chains.drop { $0.hook != nil }
    let firstRules = own.map { starts[$0.rules.lowerBound] }
    for entry in 0..<starts.count - 1 {
      guard let verdict = verdict(entry), verdict >= 0 else {
        jumps.append(LegacyTable.noJump)
        continue
      }
      let wanted = LegacyTable.entriesHeader + Int(verdict)
      if wanted == starts[entry + 1] {
        jumps.append(LegacyTable.nextEntry)
        continue
      }
      let place = firstIndex(in: firstRules.indices) { firstRules[$0] >= wanted }
      guard place < firstRules.count, firstRules[place] == wanted else {
        throw broken(starts[entry], "goes to no chain")
      }
      jumps.append(Int32(truncatingIfNeeded: own.startIndex + place))
    }
  }

  /// The first index for which the condition holds, by binary search; the end of the range if there is none. The condition must
  /// hold for all indexes after it.
  private func firstIndex(in range: Range<Int>, where holds: (Int) -> Bool) -> Int {
    var (low, high) = (range.lowerBound, range.upperBound)
    while low < high {
      let middle = (low + high) / 2
      if holds(middle) { high = middle } else { low = middle + 1 }
    }
    return low
  }
}

extension [UInt8] {
  /// Whether the target at this offset is that of an ERROR entry.
  func isHead(_ target: Int) -> Bool { self[target + 2..<target + 2 + headName.count] == headName }
}

/// The name of the target of an ERROR entry.
private let headName = Array("ERROR\0".utf8)[...]
