// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI
import IPTables

extension LegacyTable {
  /// Makes the changes in memory. Removing a rule or chain that is gone, or making a chain that is there, does nothing.
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
    // A removed chain of this name is used again, so that present jumps lead to it.
    if place < sorted.count, self.name(of: sorted[place]) == bytes[...] {
      chains[sorted[place]].isRemoved = false
      return
    }
    sorted.insert(chains.count, at: place)
    chains.append(Chain(hook: nil, newName: bytes, pieces: []))
  }

  private mutating func remove(_ name: String) throws(CNIError) {
    guard let index = index(of: name) else { return }
    if chains[index].hook != nil { throw failure("the chain \(name) is built in") }
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
        // If the other rule is gone, the new one is added at the start.
        if !Self.split(&pieces, at: other, { [.kept($0), made, .kept($1)] }, keepingIt: true) {
          pieces.insert(made, at: 0)
        }
      }
    }
  }

  private mutating func remove(_ rule: PlacedRule, from chain: Int) {
    chains[chain].edit { _ = Self.split(&$0, at: rule, { [.kept($0), .kept($1)] }, keepingIt: false) }
  }

  /// Splits the piece that holds a rule: replaces it by what `parts` returns for its entries up to the rule, and for those after
  /// it. Returns false if no piece holds the rule.
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
  /// Edits the pieces in place, so that a chain of thousands that is filled rule by rule is not copied each time.
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
