// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CLinux
import Netlink
import Rules

/// The table with everything but elements: what must be there for some branches.
struct Structure: Sendable {
  let branches: [Branch]

  init(_ branches: [Branch] = []) { self.branches = branches }

  /// The chains whose use tells whether the structure is whole.
  var chains: [String] { Table.chains.map(\.name) + branches.map(\.chain) }

  /// What it takes to make the structure whole; nothing, usually. `uses` tells how often each chain is used.
  func messages(_ uses: [String: Int], _ session: borrowing Session) throws(NetlinkError) -> [NetlinkMessage] {
    let isBaseWhole = Table.chains.allSatisfy { uses[$0.name, default: 0] >= Table.leastUse($0.name) }
    let isNoBranchDamaged = branches.allSatisfy { uses[$0.chain] == nil || uses[$0.chain] == $0.use }
    if isBaseWhole, isNoBranchDamaged {
      return branches.filter { uses[$0.chain] == nil }.flatMap { Self.build($0) + $0.jumps.map { $0.message() } }
    }
    return try rebuild(session)
  }

  /// Makes all anew but the elements: somebody has flushed or removed a part of it, or it was never there.
  private func rebuild(_ session: borrowing Session) throws(NetlinkError) -> [NetlinkMessage] {
    let existing = try session.chains()
    // Others' branches keep their rules; those that follow from their names are made anew with all their jumps.
    let others = existing.filter { name in !branches.contains { $0.chain == name } }
      .compactMap { Self.branch(named: $0) }
    let own = Table.chains.map(\.name) + branches.map(\.chain) + others.filter { !$0.body.isEmpty }.map(\.chain)
    return base()
      + own.filter { existing.contains($0) }.map { RuleObject.flush($0) } + Table.rules.map { $0.message() }
      + branches.flatMap { Self.build($0) } + others.flatMap { Self.build($0) }
      + (branches + others).flatMap { $0.jumps.map { $0.message() } }
  }

  /// The table, its sets and its chains, which may be there already.
  func base() -> [NetlinkMessage] {
    [Table.message()] + Table.sets.map { $0.message() } + Table.chains.map { $0.message() }
  }

  private static func build(_ branch: Branch) -> [NetlinkMessage] {
    branch.sets.flatMap { set in
      [set.message()] + Element.add(branch.fixtures.filter { $0.place.set == set.name }, exclusively: false)
    } + [Chain(name: branch.chain).message()] + branch.body.map { $0.message() }
  }

  /// As much of a branch as its name tells.
  static func branch(named name: String) -> Branch? {
    if let (family, length) = Branch.masquerade(named: name) { return .masquerade(family, length) }
    if let (family, id) = Branch.conditions(named: name) { return .conditionsSkeleton(family, id) }
    return nil
  }
}
