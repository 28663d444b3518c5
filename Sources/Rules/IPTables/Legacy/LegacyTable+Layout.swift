// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI
import Netlink

/// A table as the kernel takes it.
struct LegacyLayout {
  /// struct ipt_replace, but for the place of the old counters, and then the entries.
  var replacement: [UInt8]
  /// How many entries there are.
  let count: Int
  /// Entries that were there before: the number of the first now, and their numbers then.
  let kept: [(now: Int, before: Range<Int>)]

  /// A name of 32 bytes, twelve numbers, the number of old counters, a pointer of eight bytes.
  static let header = 96
  static let countersPointer = 88
}

extension LegacyTable {
  /// Lays the table out as it is now.
  func laidOut() throws(CNIError) -> LegacyLayout {
    var plan = Plan(self)
    for chain in chains.indices where chains[chain].hook != nil { plan.add(chain) }
    for chain in sorted where !chains[chain].isRemoved { plan.add(chain) }
    // The last entry is the head of nothing.
    plan.add(.kept(starts.count - 2..<starts.count - 1))

    var header: [UInt8] = []
    header.reserveCapacity(LegacyLayout.header + plan.size)
    header += table.name.rawValue.utf8
    header.append(zeros: 32 - header.count)
    for number in [info.hooks, UInt32(clamping: plan.count), UInt32(clamping: plan.size)] {
      header.append(integer: number)
    }
    for number in plan.hookStarts + plan.policies + [UInt32(clamping: info.count)] { header.append(integer: number) }
    header.append(zeros: LegacyLayout.header - header.count)
    return LegacyLayout(replacement: try write(plan, behind: header), count: plan.count, kept: plan.kept)
  }

  private func write(_ plan: Plan, behind header: consuming [UInt8]) throws(CNIError) -> [UInt8] {
    var output = header
    for piece in plan.pieces {
      let begin = output.count
      switch piece {
      case .kept(let entries):
        output += bytes[starts[entries.lowerBound]..<starts[entries.upperBound]]
        for entry in entries where jumps[entry] != Self.noJump {
          let start = begin + starts[entry] - starts[entries.lowerBound]
          let next = start + starts[entry + 1] - starts[entry]
          let place = jumps[entry] == Self.nextEntry ? next - LegacyLayout.header : plan.starts[Int(jumps[entry])]
          try put(place, before: next, in: &output)
        }
      case .made(let entry, let jump):
        output += entry
        guard let jump else { continue }
        guard let chain = index(of: jump), chains[chain].hook == nil else {
          throw failure("there is no chain \(jump) to jump to")
        }
        try put(plan.starts[chain], before: output.count, in: &output)
      }
    }
    return output
  }

  /// Writes where the entry that ends there goes on.
  private func put(_ place: Int?, before end: Int, in output: inout [UInt8]) throws(CNIError) {
    guard let place else { throw failure("a chain that rules jump to cannot be removed") }
    guard let verdict = Int32(exactly: place) else { throw failure("the table is too large") }
    output.put(UInt32(verdict), at: end - EntryFormat.standardTarget + EntryFormat.extensionHeader)
  }
}

/// What comes one after another, and where it will be.
private struct Plan {
  private let table: LegacyTable
  private(set) var pieces: [LegacyTable.Piece] = []
  /// Where the first rule of each chain will be; nil for a chain that is not there.
  private(set) var starts: [Int?]
  private(set) var hookStarts: [UInt32]
  private(set) var policies: [UInt32]
  private(set) var count = 0
  private(set) var size = 0
  private(set) var kept: [(now: Int, before: Range<Int>)] = []

  init(_ table: LegacyTable) {
    self.table = table
    starts = [Int?](repeating: nil, count: table.chains.count)
    hookStarts = [UInt32](repeating: 0, count: table.info.starts.count)
    policies = hookStarts
  }

  mutating func add(_ index: Int) {
    let chain = table.chains[index]
    let old = chain.entries
    // Before the rules of a chain without a hook stands its head, and behind the rules one more entry.
    if chain.hook == nil {
      add(old.isEmpty ? .made(table.format.head(chain.newName), jump: nil) : .kept(old.lowerBound..<old.lowerBound + 1))
    }
    starts[index] = size
    if let hook = chain.hook { hookStarts[hook] = UInt32(clamping: size) }
    if let pieces = chain.pieces {
      for piece in pieces { add(piece) }
    } else {
      add(.kept(chain.rules))
    }
    if let hook = chain.hook { policies[hook] = UInt32(clamping: size) }
    add(old.isEmpty ? .made(table.format.foot, jump: nil) : .kept(old.upperBound - 1..<old.upperBound))
  }

  mutating func add(_ piece: LegacyTable.Piece) {
    switch piece {
    case .kept(let entries):
      if entries.isEmpty { return }
      size += table.starts[entries.upperBound] - table.starts[entries.lowerBound]
      if case .kept(let last)? = pieces.last, last.upperBound == entries.lowerBound, let run = kept.last {
        pieces[pieces.count - 1] = .kept(last.lowerBound..<entries.upperBound)
        kept[kept.count - 1] = (run.now, run.before.lowerBound..<entries.upperBound)
      } else {
        pieces.append(piece)
        kept.append((count, entries))
      }
      count += entries.count
    case .made(let entry, _):
      pieces.append(piece)
      size += entry.count
      count += 1
    }
  }
}
