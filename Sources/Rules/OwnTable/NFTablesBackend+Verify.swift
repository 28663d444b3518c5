// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI
import Glibc
import NFTables
import Netlink
import OS
import Rules

extension NFTablesBackend {
  package func verify(_ wanted: OwnedRules) throws(CNIError) -> [String] {
    let layout = Layout(wanted, part)
    return try transaction("read the rules of \(wanted.owner)") { (session) throws(NetlinkError) in
      let places = layout.elements.map(\.id)
      let elements = try session.read(elements: places).elements
      let waiting = try self.waitingPlaces(layout, elements, session)
      var problems = layout.elements.filter { !waiting.contains($0.id) }
        .compactMap { self.problem(with: $0, elements[$0.id]) }
      let shared = layout.shared.map(\.element.id)
      let stored = try session.read(elements: shared).elements
      problems += shared.filter { stored[$0].map { $0.timeout != nil } ?? true }.map {
        "the bridge is missing in set \($0.set)"
      }
      return .done(try problems + self.structureProblems(layout.branches, session))
    }
  }

  package func destinations(of ports: [HostPort]) throws(CNIError) -> [Endpoint?] {
    // What is published on one address comes before what is published on all.
    let places = ports.map { [Layout.place($0), Layout.place($0.onAllAddresses)] }
    return try transaction("look up where ports lead") { (session) throws(NetlinkError) in
      let stored = try session.read(elements: ElementIDs(places.flatMap { $0 }).list).elements
      let destinations = places.map { places in
        places.lazy.compactMap { stored[$0] }.filter { $0.timeout == nil }.compactMap { Layout.destination($0.element) }
          .first
      }
      return .done(destinations)
    }
  }

  private func problem(with wanted: Element, _ stored: StoredElement?) -> String? {
    let name = Layout.title(wanted, part)
    guard let stored, stored.timeout == nil else { return "\(name) is missing" }
    // That a port is recorded decides how DEL and GC treat its bridge; with which attachment, decides nothing.
    if wanted.id.set == Part.bridgePorts.name { return nil }
    if stored.element.comment?.owner != wanted.comment?.owner {
      return "\(name) belongs to \(stored.element.comment?.owner.text ?? "nobody")"
    }
    let isSame =
      wanted.id.set == part.attachments.name
      ? Layout.count(stored.element) == Layout.count(wanted) : stored.element == wanted
    return isSame ? nil : "\(name) is different"
  }

  /// What differs in the chains: base chains end with our rules and begin with jumps to branches; branches are exactly
  /// as we make them.
  private func structureProblems(_ branches: [Branch], _ session: borrowing Session) throws(NetlinkError) -> [String] {
    let hooks = Dictionary(try session.chains().map { ($0.name, $0.hook) }) { first, _ in first }
    let rules = Dictionary(grouping: try session.rules(), by: \.chain).mapValues { $0.map(\.expressions) }
    let jumps = hooks.keys.compactMap { part.branch(named: $0) }.flatMap(\.jumps)
    var problems = try session.read(elements: []).isTableActive ? [] : ["the table is missing or dormant"]
    for chain in part.chains where !part.isAdministrators(chain.name) || hooks[chain.name] == nil {
      guard let hook = hooks[chain.name] else {
        problems.append("chain \(chain.name) is missing")
        continue
      }
      if hook != chain.hook { problems.append("chain \(chain.name) has another hook or policy") }
      let expected = part.rules.filter { $0.chain == chain.name }.map(\.expressions)
      let actual = rules[chain.name] ?? []
      let known: [[Expression]?] = jumps.filter { $0.chain == chain.name }.map(\.expressions)
      let head = actual.dropLast(expected.count)
      if !actual.elementsEqual(Array(head) + expected) || !head.allSatisfy({ known.contains($0) }) {
        problems.append("chain \(chain.name) has other rules")
      }
    }
    for branch in branches {
      if hooks[branch.chain] == nil {
        problems.append("chain \(branch.chain) is missing")
      } else if rules[branch.chain] ?? [] != branch.body.map(\.expressions) {
        problems.append("chain \(branch.chain) has other rules")
      }
      for jump in branch.jumps where !(rules[jump.chain] ?? []).contains(jump.expressions) {
        problems.append("chain \(jump.chain) has no jump to \(branch.chain)")
      }
      for set in Set(branch.fixtures.map(\.id.set)).sorted() {
        let expected = Set(branch.fixtures.filter { $0.id.set == set })
        let actual = Set(try session.elements(of: set).map(\.element))
        if actual != expected { problems.append("set \(set) has other elements") }
      }
    }
    return problems
  }

  package func probe() throws(CNIError) {
    var damage: [String] = []
    try probe(&damage)
    if damage.isEmpty { return }
    throw CNIError(
      .limitedConnectivity,
      "table \(Table.own), which has containers, is damaged: \(joined(damage, by: "; ")); ADD mends it")
  }

  /// What is wrong with a table that attachments have elements in: their packets are not treated as they should be.
  private func damage(isWhole: Bool, _ session: borrowing Session) throws(NetlinkError) -> [String] {
    guard try session.hasElement(in: part.attachments.name) else { return [] }
    var damage = isWhole ? [] : try structureProblems([], session)
    for chain in try session.chains() {
      // The body of a network's conditions does not follow from its name: with the jumps alone it lets nobody in.
      guard let branch = part.branch(named: chain.name), branch.body.isEmpty, chain.use <= branch.jumps.count else {
        continue
      }
      for set in branch.sets where try session.hasElement(in: set.name) {
        damage.append("chain \(chain.name) has lost its rules, until its containers are added again")
        break
      }
    }
    return damage
  }

  private func probe(_ damage: inout [String]) throws(CNIError) {
    do throws(NetlinkError) {
      let session = try Session(.own)
      let structure = Structure(part, part.samples)
      let base = Structure(part)
      let isWhole = try base.messages(try session.read(chains: base.chains, elements: []), session).isEmpty
      damage = try self.damage(isWhole: isWhole, session)
      if isWhole { return }
      // The kernel checks the whole of it at once; only if it refuses, rule by rule to tell which.
      do {
        try session.rehearse(structure.all())
      } catch {
        if error.number == EPERM { throw error }
        try session.rehearse(structure.skeleton())
        for rule in part.rules + structure.branches.flatMap(\.body) { try rehearse(rule, structure, session) }
        throw error
      }
    } catch {
      let failure = Self.failure("this kernel cannot \(part.purpose)", error)
      throw CNIError(.notAvailable, failure.message, details: failure.details)
    }
  }

  private func rehearse(
    _ rule: RuleObject, _ structure: Structure, _ session: borrowing Session
  ) throws(NetlinkError) {
    // A branch's rules need its sets and its chain.
    let branches = structure.branches.flatMap {
      $0.sets.map { Table.own.create($0) } + [Table.own.create(Chain($0.chain))]
    }
    do {
      try session.rehearse(structure.skeleton() + branches + [Table.own.add(rule)])
    } catch {
      let kinds = rule.expressions.map(\.kind).joined(separator: ", ")
      throw NetlinkError("a rule made of \(kinds)", number: error.number, explanation: error.explanation)
    }
  }
}
