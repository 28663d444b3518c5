// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI

extension LegacyTable {
  /// Makes the changes in memory. What is gone already need not be removed, and what is there need not be made.
  mutating func apply(_ changes: [TableEdit.Change]) throws(CNIError) {
    for change in changes {
      switch change {
      case .makeChain(let name): try make(name)
      case .removeChain(let name): try remove(name)
      case .flush(let name): chains[try existing(name)].pieces = []
      case .insert(let rule, let name, let atStart): try insert(rule, existing(name), atStart: atStart)
      case .remove(let rule, let name):
        if let chain = index(of: name), let entry = Int(exactly: rule.handle) { remove(entry, from: chain) }
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

  private mutating func insert(_ rule: IPTablesRule, _ chain: Int, atStart: Bool) throws(CNIError) {
    let entry = rule.entry(format)
    // The kernel has 16 bits for the length of an entry.
    guard entry.count < UInt16.max else { throw failure("the rule is too long: \(rule.text.prefix(200))…") }
    var jump: String?
    if case .jump(let name) = rule.target { jump = name }
    if chains[chain].pieces == nil { chains[chain].pieces = [.kept(chains[chain].rules)] }
    let end = atStart ? 0 : chains[chain].pieces?.count ?? 0
    chains[chain].pieces?.insert(.made(entry, jump: jump), at: end)
  }

  private mutating func remove(_ entry: Int, from chain: Int) {
    let pieces = chains[chain].pieces ?? [.kept(chains[chain].rules)]
    for (index, piece) in pieces.enumerated() {
      guard case .kept(let range) = piece, range.contains(entry) else { continue }
      chains[chain].pieces = pieces
      chains[chain].pieces?.replaceSubrange(
        index...index, with: [.kept(range.lowerBound..<entry), .kept(entry + 1..<range.upperBound)])
      return
    }
  }
}
