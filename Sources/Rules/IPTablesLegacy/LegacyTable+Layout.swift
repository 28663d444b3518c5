// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI
import IPTables
import Netlink

/// A table in the form in which the kernel replaces it.
struct LegacyLayout {
  /// struct ipt_replace, still without the pointer to the old counters, followed by the entries.
  var replacement: [UInt8]
  /// The number of entries.
  let count: Int
  let kept: [KeptEntries]

  /// The length of struct ipt_replace: a name of 32 bytes, twelve numbers, the number of old counters, a pointer of eight bytes.
  static let header = 96
  static let countersPointer = 88
}

/// A run of entries that are kept from the table as it was read.
struct KeptEntries {
  /// The new index of the first entry.
  let now: Int
  /// Their former indexes.
  let before: Range<Int>
}

extension LegacyTable {
  /// Lays the changed table out.
  consuming func laidOut() throws(CNIError) -> LegacyLayout {
    var plan = LegacyPlan(self)
    for chain in chains.indices where chains[chain].hook != nil { plan.add(chain) }
    for chain in sorted where !chains[chain].isRemoved { plan.add(chain) }
    // The last entry is an ERROR entry that heads no chain.
    plan.add(.kept(starts.count - 2..<starts.count - 1))

    var header: [UInt8] = []
    header.reserveCapacity(LegacyLayout.header)
    header += table.name.rawValue.utf8
    header.append(zeros: 32 - header.count)
    for number in [info.hooks, UInt32(clamping: plan.count), UInt32(clamping: plan.size)] {
      header.append(integer: number)
    }
    for number in plan.hookStarts + plan.policies + [UInt32(clamping: info.count)] { header.append(integer: number) }
    header.append(zeros: LegacyLayout.header - header.count)
    try setJumps(&plan)
    return LegacyLayout(replacement: joined(plan, behind: header), count: plan.count, kept: plan.kept)
  }

  /// Sets the verdict of each jump to the new offset of its chain, or of the next entry.
  private mutating func setJumps(_ plan: inout LegacyPlan) throws(CNIError) {
    var place = 0
    for (index, piece) in plan.pieces.enumerated() {
      switch piece {
      case .kept(let entries):
        let moved = place - starts[entries.lowerBound]
        for entry in entries where jumps[entry] != Self.noJump {
          let end = starts[entry + 1]
          let next = jumps[entry] == Self.nextEntry ? end + moved : plan.starts[Int(jumps[entry])]
          bytes.put(try verdict(next), at: end - EntryFormat.verdict)
        }
        place = starts[entries.upperBound] + moved
      case .made(var entry, let jump):
        place += entry.count
        guard let jump else {
          // A restored rule without a target still has the offset of the entry that followed it.
          if format.goesOn(entry) {
            entry.put(try verdict(place), at: entry.count - EntryFormat.verdict)
            plan.pieces[index] = .made(entry, jump: nil)
          }
          continue
        }
        guard let chain = self.index(of: jump), chains[chain].hook == nil else {
          throw failure("there is no chain \(jump) to jump to")
        }
        entry.put(try verdict(plan.starts[chain]), at: entry.count - EntryFormat.verdict)
        plan.pieces[index] = .made(entry, jump: jump)
      }
    }
  }

  /// The verdict that jumps to an offset.
  private func verdict(_ place: Int?) throws(CNIError) -> UInt32 {
    guard let place else { throw failure("a chain that rules jump to cannot be removed") }
    guard let verdict = Int32(exactly: place) else { throw failure("the table is too large") }
    return UInt32(verdict)
  }

  /// The header and the pieces of the plan. New entries are inserted in place: a large table is not moved to other memory, which
  /// the kernel would have to populate first.
  private mutating func joined(_ plan: LegacyPlan, behind header: [UInt8]) -> [UInt8] {
    var output: [UInt8] = []
    swap(&output, &bytes)
    if !plan.isInOrder {
      return plan.pieces.reduce(into: header) { all, piece in
        switch piece {
        case .kept(let entries): all += output[starts[entries.lowerBound]..<starts[entries.upperBound]]
        case .made(let entry, _): all += entry
        }
      }
    }
    // From the end to the start, so that the pieces still to come are where they were; new entries are collected in reverse
    // order.
    var end = output.count
    var new: [[UInt8]] = []
    func put(between start: Int, _ first: [UInt8] = []) {
      if start == end, new.isEmpty, first.isEmpty { return }
      output.replaceSubrange(start..<end, with: new.reversed().reduce(into: first) { $0 += $1 })
      new = []
    }
    for piece in plan.pieces.reversed() {
      switch piece {
      case .kept(let entries):
        put(between: starts[entries.upperBound])
        end = starts[entries.lowerBound]
      case .made(let entry, _): new.append(entry)
      }
    }
    put(between: 0, header)
    return output
  }
}
