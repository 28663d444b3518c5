// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CLinux
import CNI
import IPTables
import Netlink

/// What the kernel tells of a table before it gives the entries: struct ipt_getinfo, which for IPv6 is the same.
struct LegacyTableInfo {
  /// A bit for each hook that the table has a chain for.
  let hooks: UInt32
  /// For each hook where its chain begins, and where its last entry is, which is the policy.
  let starts: [UInt32]
  let policies: [UInt32]
  /// How many entries there are.
  let count: Int
  /// Their length in bytes.
  let size: Int

  static let length = 84

  init?(_ bytes: [UInt8]) {
    guard bytes.count == Self.length else { return nil }
    // Behind 32 bytes of the table's name.
    let words = (8..<21).map { bytes.integer32(at: 4 * $0) }
    hooks = words[0]
    starts = Array(words[1..<6])
    policies = Array(words[6..<11])
    count = Int(words[11])
    size = Int(words[12])
  }
}

/// A table of iptables-legacy, which the kernel gives and takes as a whole: the entries of all chains, one after another.
/// Entries that are not ours are never looked into but for their jumps.
///
/// This is what libiptc does. It is not used because distributions have no static archive of it, and without that library
/// not even the plugins that need no iptables would start.
struct LegacyTable {
  /// What the kernel tells of a table, and its entries with a header before them (struct ipt_get_entries).
  struct Contents {
    let info: LegacyTableInfo
    let entries: [UInt8]
  }

  struct Chain {
    /// The number of the kernel's hook; nil for a chain that somebody made.
    let hook: Int?
    /// The name of a chain that is not in the table as it was read.
    var newName: [UInt8] = []
    /// The entries of the chain as it was read: one before the rules unless it has a hook, and one behind them.
    var entries: Range<Int> = 0..<0
    /// The rules if they have changed.
    var pieces: [Piece]?
    var isRemoved = false

    /// The rules among the entries.
    var rules: Range<Int> {
      entries.isEmpty ? entries : entries.lowerBound + (hook == nil ? 1 : 0)..<entries.upperBound - 1
    }
  }

  /// A part of a chain, or of the whole table.
  enum Piece {
    /// Entries as they were read.
    case kept(Range<Int>)
    case made([UInt8], jump: String?)
  }

  let table: IPTable
  let format: EntryFormat
  let info: LegacyTableInfo
  var bytes: [UInt8]
  /// Where each entry starts, and where the last one ends.
  let starts: [Int]
  /// For each entry the chain that it goes to, or one of the two below.
  let jumps: [Int32]
  /// As they stand in the table, and then those that were made since.
  var chains: [Chain]
  /// The chains without a hook, by name.
  var sorted: [Int]

  static let noJump: Int32 = -1
  /// A rule without a target goes on with the next one.
  static let nextEntry: Int32 = -2
  /// A name of 32 bytes, the size, four bytes to fill.
  static let entriesHeader = 40

  // MARK: - Looking into it

  private static let hookNames = ["PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"]

  /// The chain of this name; nil if there is none.
  func index(of name: String) -> Int? {
    for (index, chain) in chains.enumerated() {
      guard let hook = chain.hook else { break }
      if Self.hookNames[hook] == name { return index }
    }
    let name = Array(name.utf8)
    let place = place(of: name[...])
    guard place < sorted.count, self.name(of: sorted[place]) == name[...], !chains[sorted[place]].isRemoved else {
      return nil
    }
    return sorted[place]
  }

  /// Where a chain of this name is among the sorted ones, or belongs.
  func place(of name: ArraySlice<UInt8>) -> Int {
    var (low, high) = (0, sorted.count)
    while low < high {
      let middle = (low + high) / 2
      if precedes(self.name(of: sorted[middle]), name) { low = middle + 1 } else { high = middle }
    }
    return low
  }

  /// The name of a chain that has no hook.
  func name(of chain: Int) -> ArraySlice<UInt8> {
    let chain = chains[chain]
    guard let head = chain.entries.first else { return chain.newName[...] }
    let start = starts[head] + format.header + EntryFormat.extensionHeader
    return bytes[start..<start + Int(XT_FUNCTION_MAXNAMELEN)].prefix { $0 != 0 }
  }

  /// The name of any chain.
  func title(of chain: Int) -> String {
    chains[chain].hook.map { Self.hookNames[$0] } ?? String(decoding: name(of: chain), as: UTF8.self)
  }

  func failure(_ reason: String) -> CNIError { CNIError(.kernelRefused, "change \(table): \(reason)") }
}

/// Whether a name comes before another in the order of C's `strcmp`.
func precedes(_ name: ArraySlice<UInt8>, _ other: ArraySlice<UInt8>) -> Bool {
  name.lexicographicallyPrecedes(other)
}
