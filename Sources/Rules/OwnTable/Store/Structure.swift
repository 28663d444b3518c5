// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import NFTables
import Netlink

/// A feature's part of the table without the attachments' elements, with the chains on demand that a change needs.
struct Structure: Sendable {
  let feature: Feature
  let onDemand: [OnDemandChain]
  /// Sets that belong to no chain on demand, and are made when they are first needed.
  let sets: [NamedSet]

  init(_ feature: Feature, _ onDemand: [OnDemandChain] = [], sets: [NamedSet] = []) {
    self.feature = feature
    self.onDemand = onDemand
    self.sets = sets
  }

  /// The chains whose use counts tell whether the structure is complete.
  var chains: [String] { feature.chains.map(\.name) + onDemand.map(\.name) }

  /// The messages that make the structure complete; usually none.
  func messages(_ snapshot: Session.Snapshot, _ session: borrowing Session) throws(NetlinkError) -> [NetlinkMessage] {
    let missing = sets.filter { !snapshot.sets.contains($0.name) }.map { Table.own.create($0) }
    func stored(_ name: String) -> StoredChain? { snapshot.chains.first { $0.name == name } }
    let isNoneDamaged = onDemand.allSatisfy { stored($0.name)?.use ?? $0.use == $0.use }
    let uses = feature.leastUses
    if snapshot.isTableActive, isNoneDamaged,
      zip(feature.chains, uses).allSatisfy({ Self.isWhole($0, stored($0.name), leastUse: $1.count) })
    {
      return missing + onDemand.filter { stored($0.name) == nil }.flatMap { Self.build($0) + Self.jumps($0) }
    }
    return try rebuild(session) + missing
  }

  /// Whether a chain is complete, as far as its use count tells; only chains without a hook have jumps to chains on demand.
  private static func isWhole(_ chain: Chain, _ stored: StoredChain?, leastUse: Int) -> Bool {
    guard let stored, stored.hook == chain.hook else { return false }
    return chain.hook == nil ? stored.use >= leastUse : stored.use == leastUse
  }

  /// Rebuilds everything but the elements: the table is new, or a part of it was flushed or removed.
  private func rebuild(_ session: borrowing Session) throws(NetlinkError) -> [NetlinkMessage] {
    let stored = try session.chains()
    let existing = Set(stored.map(\.name))
    // Other chains on demand keep rules that do not follow from their names; rules that do are made anew, with all jumps.
    let others = stored.map(\.name).filter { name in !onDemand.contains { $0.name == name } }
      .compactMap { feature.onDemand($0) }
    let fixed = feature.chains.map(\.name).filter { $0 != feature.administratorsChain }
    let own = fixed + onDemand.map(\.name) + others.filter { !$0.rules.isEmpty }.map(\.name)
    let misplaced = feature.chains.filter { chain in
      stored.contains { $0.name == chain.name && !$0.isSamePlace(as: chain) }
    }
    return [Table.own.create()] + feature.sets.map { Table.own.create($0) }
      + own.filter { existing.contains($0) }.map { Table.own.flush(chain: $0) }
      + misplaced.map { Table.own.delete(chain: $0.name) }
      + feature.chains.map { Table.own.create($0) } + feature.rules.map { Table.own.add($0) }
      + (onDemand + others).flatMap { Self.build($0) } + (onDemand + others).flatMap { Self.jumps($0) }
  }

  /// The messages that make everything on a host without the table.
  func all() -> [NetlinkMessage] {
    skeleton() + feature.rules.map { Table.own.add($0) } + onDemand.flatMap { Self.build($0) + Self.jumps($0) }
  }

  /// The table, its sets and its chains, without rules.
  func skeleton() -> [NetlinkMessage] {
    [Table.own.create()] + feature.sets.map { Table.own.create($0) } + feature.chains.map { Table.own.create($0) }
  }

  private static func jumps(_ chain: OnDemandChain) -> [NetlinkMessage] { chain.jumps.map { Table.own.add($0) } }

  private static func build(_ chain: OnDemandChain) -> [NetlinkMessage] {
    chain.sets.flatMap { set in
      [Table.own.create(set)] + Table.own.add(chain.fixtures.filter { $0.id.set == set.name }, exclusively: false)
    } + [Table.own.create(Chain(chain.name))] + chain.rules.map { Table.own.add($0) }
  }
}

extension StoredChain {
  /// Whether the stored chain has the same hook as the other, apart from the policy, or both have none.
  fileprivate func isSamePlace(as other: Chain) -> Bool {
    guard let hook, let wanted = other.hook else { return hook == other.hook }
    return hook.isSamePlace(as: wanted)
  }
}
