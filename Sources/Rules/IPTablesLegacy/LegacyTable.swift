// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CLinux
import CNI
import IPTables
import Netlink

/// The kernel's description of a table: struct ipt_getinfo, which is the same for IPv6.
struct LegacyTableInfo {
  /// A bit for each hook that the table has a chain for.
  let hooks: UInt32
  /// For each hook the offset of its chain's first entry, and that of the last one, which is the policy.
  let starts: [UInt32]
  let policies: [UInt32]
  /// The number of entries.
  let count: Int
  /// The length of all entries in bytes.
  let size: Int

  static let length = 84

  init?(_ bytes: [UInt8]) {
    guard bytes.count == Self.length else { return nil }
    // After 32 bytes for the table's name.
    let words = (8..<21).map { bytes.integer32(at: 4 * $0) }
    hooks = words[0]
    starts = Array(words[1..<6])
    policies = Array(words[6..<11])
    count = Int(words[11])
    size = Int(words[12])
  }
}

/// A table of iptables-legacy, which the kernel reads and replaces only as a whole: the entries of all chains, one after another.
/// Foreign entries are not decoded, apart from their jumps.
///
/// libiptc does the same. It is not used because distributions have no static archive of it, and with the shared library missing
/// not even the plugins that need no iptables would start.
struct LegacyTable {
  /// The kernel's description of a table, and its entries after a header (struct ipt_get_entries).
  struct Contents {
    let info: LegacyTableInfo
    let entries: [UInt8]
  }

  struct Chain {
    /// The kernel's number of the hook; nil for a user-defined chain.
    let hook: Int?
    /// The name of a new chain.
    var newName: [UInt8] = []
    /// The indexes of the chain's entries in the table as it was read: a head unless the chain has a hook, the rules, and one
    /// more entry.
    var entries: Range<Int> = 0..<0
    /// The changed rules; nil if they are unchanged.
    var pieces: [Piece]?
    var isRemoved = false

    /// The indexes of the rules among the entries.
    var rules: Range<Int> {
      entries.isEmpty ? entries : entries.lowerBound + (hook == nil ? 1 : 0)..<entries.upperBound - 1
    }
  }

  /// A part of a chain or of the table.
  enum Piece {
    /// Entries as they were read.
    case kept(Range<Int>)
    case made([UInt8], jump: String?)
  }

  let table: IPTable
  let format: EntryFormat
  let info: LegacyTableInfo
  var bytes: [UInt8]
  /// The offset of each entry, and that of the end.
  let starts: [Int]
  /// For each entry the index of the chain that it jumps to, or one of the two constants below.
  let jumps: [Int32]
  /// The chains in the order of the table, then the new ones.
  var chains: [Chain]
  /// The indexes of the chains without a hook, sorted by name.
  var sorted: [Int]

  static let noJump: Int32 = -1
  /// The entry continues with the next one, as a rule without a target does.
  static let nextEntry: Int32 = -2
  /// The length of struct ipt_get_entries without the entries: a name of 32 bytes, the size, four bytes of padding.
  static let entriesHeader = 40

  // MARK: - Names

  private static let hookNames = ["PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"]

  /// The index of the chain of this name; nil if there is none.
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

  /// The position of a chain of this name in `sorted`, or that where it belongs.
  func place(of name: ArraySlice<UInt8>) -> Int {
    var (low, high) = (0, sorted.count)
    while low < high {
      let middle = (low + high) / 2
      if precedes(self.name(of: sorted[middle]), name) { low = middle + 1 } else { high = middle }
    }
    return low
  }

  /// The name of a chain without a hook.
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
