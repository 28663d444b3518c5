// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CLinux
import NFTables
import Netlink
import Rules

/// A part of the table with everything but elements: what must be there for some branches.
struct Structure: Sendable {
  let part: Part
  let branches: [Branch]
  /// Sets that belong to no branch, and come when they are first needed.
  let sets: [NamedSet]

  init(_ part: Part, _ branches: [Branch] = [], sets: [NamedSet] = []) {
    self.part = part
    self.branches = branches
    self.sets = sets
  }

  /// The chains whose use tells whether the structure is whole.
  var chains: [String] { part.chains.map(\.name) + branches.map(\.chain) }

  /// What it takes to make the structure whole; nothing, usually.
  func messages(_ snapshot: Session.Snapshot, _ session: borrowing Session) throws(NetlinkError) -> [NetlinkMessage] {
    let missing = sets.filter { !snapshot.sets.contains($0.name) }.map { Table.own.create($0) }
    func stored(_ name: String) -> StoredChain? { snapshot.chains.first { $0.name == name } }
    let isNoBranchDamaged = branches.allSatisfy { stored($0.chain)?.use ?? $0.use == $0.use }
    if snapshot.isTableActive, isNoBranchDamaged, part.chains.allSatisfy({ isWhole($0, stored($0.name)) }) {
      return missing
        + branches.filter { stored($0.chain) == nil }.flatMap { Self.build($0) + $0.jumps.map { Table.own.add($0) } }
    }
    return try rebuild(session) + missing
  }

  /// Whether a chain is what it should be, as far as its use tells; only the chains without a hook have branches.
  private func isWhole(_ chain: Chain, _ stored: StoredChain?) -> Bool {
    guard let stored, stored.hook == chain.hook else { return false }
    let least = part.leastUse(chain.name)
    return chain.hook == nil ? stored.use >= least : stored.use == least
  }

  /// Makes all anew but the elements: somebody has flushed or removed a part of it, or it was never there.
  private func rebuild(_ session: borrowing Session) throws(NetlinkError) -> [NetlinkMessage] {
    let stored = try session.chains()
    let existing = Set(stored.map(\.name))
    // Others' branches keep their rules; those that follow from their names are made anew with all their jumps.
    let others = stored.map(\.name).filter { name in !branches.contains { $0.chain == name } }
      .compactMap { part.branch(named: $0) }
    let fixed = part.chains.filter { !part.isAdministrators($0.name) }.map(\.name)
    let own = fixed + branches.map(\.chain) + others.filter { !$0.body.isEmpty }.map(\.chain)
    let misplaced = part.chains.filter { chain in
      stored.contains { $0.name == chain.name && !$0.isSamePlace(as: chain) }
    }
    return [Table.own.create()] + part.sets.map { Table.own.create($0) }
      + own.filter { existing.contains($0) }.map { Table.own.flush(chain: $0) }
      + misplaced.map { Table.own.delete(chain: $0.name) }
      + part.chains.map { Table.own.create($0) } + part.rules.map { Table.own.add($0) }
      + branches.flatMap { Self.build($0) } + others.flatMap { Self.build($0) }
      + (branches + others).flatMap { $0.jumps.map { Table.own.add($0) } }
  }

  /// Everything, as it is made on a host that has nothing of it.
  func all() -> [NetlinkMessage] {
    skeleton() + part.rules.map { Table.own.add($0) }
      + branches.flatMap { Self.build($0) + $0.jumps.map { Table.own.add($0) } }
  }

  /// The table, its sets and its chains, without rules.
  func skeleton() -> [NetlinkMessage] {
    [Table.own.create()] + part.sets.map { Table.own.create($0) } + part.chains.map { Table.own.create($0) }
  }

  private static func build(_ branch: Branch) -> [NetlinkMessage] {
    branch.sets.flatMap { set in
      [Table.own.create(set)] + Table.own.add(branch.fixtures.filter { $0.id.set == set.name }, exclusively: false)
    } + [Table.own.create(Chain(branch.chain))] + branch.body.map { Table.own.add($0) }
  }
}

extension StoredChain {
  /// Whether it can be made to have the other's hook, or has none as the other.
  fileprivate func isSamePlace(as other: Chain) -> Bool {
    guard let hook, let wanted = other.hook else { return hook == other.hook }
    return hook.isSamePlace(as: wanted)
  }
}
