// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI
import IPTables

extension LegacyTable {
  /// Makes the changes in memory. What is gone already need not be removed, and what is there need not be made.
  mutating func apply(_ changes: [TableEdit.Change]) throws(CNIError) {
    for change in changes {
      switch change {
      case .makeChain(let name): try make(name)
      case .removeChain(let name): try remove(name)
      case .flush(let name): chains[try existing(name)].pieces = []
      case .insert(let rule, let name, let place): try insert(rule, existing(name), place)
      case .restore(let rule, let name, let place):
        insert(.made(rule.bytes, jump: rule.jump), try existing(name), place)
      case .remove(let rule, let name):
        if let chain = index(of: name) { remove(rule, from: chain) }
      }
    }
  }

  private func existing(_ name: String) throws(CNIError) -> Int {
    guard let index = index(of: name) else { throw failure("there is no chain \(name)") }
    return index
  }

  private mutating func make(_ name: String) throws(CNIError) {
    if index(of: name) != nil { return }
    let bytes = Array(name.utf8)
    guard (1...EntryFormat.chainNameLimit).contains(bytes.count), !bytes.contains(0) else {
      throw failure("\"\(name)\" cannot be the name of a chain")
    }
    let place = place(of: bytes[...])
    // One of this name was removed: who jumped to it jumps to it again.
    if place < sorted.count, self.name(of: sorted[place]) == bytes[...] {
      chains[sorted[place]].isRemoved = false
      return
    }
    sorted.insert(chains.count, at: place)
    chains.append(Chain(hook: nil, newName: bytes, pieces: []))
  }

  private mutating func remove(_ name: String) throws(CNIError) {
    guard let index = index(of: name) else { return }
    if chains[index].hook != nil { throw failure("the chain \(name) is the kernel's own") }
    chains[index].pieces = []
    chains[index].isRemoved = true
  }

  private mutating func insert(
    _ rule: IPTablesRule, _ chain: Int, _ place: TableEdit.Place
  ) throws(CNIError) {
    let entry = rule.entry(format)
    // The kernel has 16 bits for the length of an entry.
    guard entry.count < UInt16.max else { throw failure("the rule is too long: \(rule.text.prefix(200))…") }
    var jump: String?
    if case .jump(let name) = rule.target { jump = name }
    insert(.made(entry, jump: jump), chain, place)
  }

  private mutating func insert(_ made: Piece, _ chain: Int, _ place: TableEdit.Place) {
    chains[chain].edit { pieces in
      switch place {
      case .start: pieces.insert(made, at: 0)
      case .end: pieces.append(made)
      case .after(let other):
        // Behind one that is gone by now comes what would have come behind it.
        if !Self.split(&pieces, at: other, { [.kept($0), made, .kept($1)] }, keepingIt: true) {
          pieces.insert(made, at: 0)
        }
      }
    }
  }

  private mutating func remove(_ rule: PlacedRule, from chain: Int) {
    chains[chain].edit { _ = Self.split(&$0, at: rule, { [.kept($0), .kept($1)] }, keepingIt: false) }
  }

  /// Puts what `parts` makes of the entries up to a rule, and of those behind it, in the place of the piece that has the rule;
  /// false if none has.
  private static func split(
    _ pieces: inout [Piece], at rule: PlacedRule, _ parts: (Range<Int>, Range<Int>) -> [Piece], keepingIt isKept: Bool
  ) -> Bool {
    guard let entry = Int(exactly: rule.handle) else { return false }
    for (index, piece) in pieces.enumerated() {
      guard case .kept(let range) = piece, range.contains(entry) else { continue }
      let end = isKept ? entry + 1 : entry
      let all = parts(range.lowerBound..<end, entry + 1..<range.upperBound)
      pieces.replaceSubrange(index...index, with: all.filter { !$0.isEmpty })
      return true
    }
    return false
  }
}

extension LegacyTable.Chain {
  /// Changes the rules where they are: a chain of thousands that is filled rule by rule is not copied for each.
  fileprivate mutating func edit(_ body: (inout [LegacyTable.Piece]) -> Void) {
    var edited = pieces ?? [.kept(rules)]
    pieces = nil
    body(&edited)
    pieces = edited
  }
}

extension LegacyTable.Piece {
  fileprivate var isEmpty: Bool {
    if case .kept(let entries) = self { entries.isEmpty } else { false }
  }
}
