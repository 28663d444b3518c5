// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI
import Glibc
import NFTables
import Netlink
import OS

extension ElementStore {
  /// Throws the reason why this kernel could not make the feature's part of the table, or the damage of the present table.
  func probe() throws(CNIError) {
    let damage: [String]
    do throws(NetlinkError) {
      damage = try damageIfPossible()
    } catch {
      let failure = Self.failure("this kernel cannot \(feature.purpose)", error)
      throw CNIError(.notAvailable, failure.message, details: failure.details)
    }
    if damage.isEmpty { return }
    throw CNIError(
      .limitedConnectivity,
      "table \(Table.own), which has elements of containers, is damaged: \(joined(damage, by: "; ")); the next ADD repairs it"
    )
  }

  /// The damage of the present table; throws what the kernel lacks if it could not make a missing part.
  private func damageIfPossible() throws(NetlinkError) -> [String] {
    let session = try Session.own()
    let base = Structure(feature)
    let isWhole = try base.messages(try session.read(chains: base.chains, elements: []), session).isEmpty
    let damage = try damage(isWhole: isWhole, session)
    if isWhole { return damage }
    let structure = Structure(feature, feature.samples())
    // The kernel checks everything at once; only if it refuses, each rule is checked by itself to name it.
    do {
      try session.rehearse(structure.all())
    } catch {
      if error.number == EPERM { throw error }
      try session.rehearse(structure.skeleton())
      for rule in feature.rules + structure.onDemand.flatMap(\.rules) { try rehearse(rule, structure, session) }
      throw error
    }
    return damage
  }

  /// The damage of a table in which attachments have elements: their packets are not treated as requested.
  private func damage(isWhole: Bool, _ session: borrowing Session) throws(NetlinkError) -> [String] {
    guard try session.hasElement(in: feature.attachments.name) else { return [] }
    var damage = isWhole ? [] : try session.problems(with: feature, [])
    for stored in try session.chains() {
      // The rules of a network's conditions do not follow from the chain's name: a rebuilt chain has only the jumps to it, and
      // its ports are closed.
      guard let chain = feature.onDemand(stored.name), chain.rules.isEmpty, stored.use <= chain.jumps.count else {
        continue
      }
      for set in chain.sets where try session.hasElement(in: set.name) {
        damage.append("chain \(stored.name) has lost its rules, until its containers are added again")
        break
      }
    }
    return damage
  }

  private func rehearse(
    _ rule: NFTRule, _ structure: Structure, _ session: borrowing Session
  ) throws(NetlinkError) {
    // The rules of a chain on demand need its sets and the chain.
    let needed = structure.onDemand.flatMap {
      $0.sets.map { Table.own.create($0) } + [Table.own.create(Chain($0.name))]
    }
    do {
      try session.rehearse(structure.skeleton() + needed + [Table.own.add(rule)])
    } catch {
      let kinds = rule.expressions.map(\.kind).joined(separator: ", ")
      throw NetlinkError("a rule made of \(kinds)", number: error.number, explanation: error.explanation)
    }
  }
}
