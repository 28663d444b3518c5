// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import IPTables

/// The pieces of a table in their new order, and the offsets that they get.
struct LegacyPlan {
  private let format: EntryFormat
  private let chains: [LegacyTable.Chain]
  private let entryStarts: [Int]
  var pieces: [LegacyTable.Piece] = []
  /// The offset of each chain's first rule; nil for a chain that is removed.
  private(set) var starts: [Int?]
  private(set) var hookStarts: [UInt32]
  private(set) var policies: [UInt32]
  private(set) var count = 0
  private(set) var size = 0
  private(set) var kept: [KeptEntries] = []

  init(_ table: borrowing LegacyTable) {
    format = table.format
    chains = table.chains
    entryStarts = table.starts
    starts = [Int?](repeating: nil, count: table.chains.count)
    hookStarts = [UInt32](repeating: 0, count: table.info.starts.count)
    policies = hookStarts
  }

  /// Whether the kept entries are in the same order as before.
  var isInOrder: Bool { zip(kept, kept.dropFirst()).allSatisfy { $0.before.upperBound <= $1.before.lowerBound } }

  mutating func add(_ index: Int) {
    let chain = chains[index]
    let old = chain.entries
    // A chain without a hook has a head before its rules; every chain has one more entry after them.
    if chain.hook == nil {
      add(old.isEmpty ? .made(format.head(chain.newName), jump: nil) : .kept(old.lowerBound..<old.lowerBound + 1))
    }
    starts[index] = size
    if let hook = chain.hook { hookStarts[hook] = UInt32(clamping: size) }
    if let pieces = chain.pieces {
      for piece in pieces { add(piece) }
    } else {
      add(.kept(chain.rules))
    }
    if let hook = chain.hook { policies[hook] = UInt32(clamping: size) }
    add(old.isEmpty ? .made(format.foot, jump: nil) : .kept(old.upperBound - 1..<old.upperBound))
  }

  mutating func add(_ piece: LegacyTable.Piece) {
    switch piece {
    case .kept(let entries):
      if entries.isEmpty { return }
      size += entryStarts[entries.upperBound] - entryStarts[entries.lowerBound]
      if case .kept(let last)? = pieces.last, last.upperBound == entries.lowerBound, let run = kept.last {
        pieces[pieces.count - 1] = .kept(last.lowerBound..<entries.upperBound)
        kept[kept.count - 1] = KeptEntries(now: run.now, before: run.before.lowerBound..<entries.upperBound)
      } else {
        pieces.append(piece)
        kept.append(KeptEntries(now: count, before: entries))
      }
      count += entries.count
    case .made(let entry, _):
      pieces.append(piece)
      size += entry.count
      count += 1
    }
  }
}
