// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI
import NFTables
import Netlink

extension ElementStore {
  /// Describes the elements that are missing or different; nothing is changed.
  func verify(_ wanted: AttachmentElements) throws(CNIError) -> [String] {
    try Self.transaction("read the rules of \(wanted.attachment)") { (session) throws(NetlinkError) in
      let elements = try session.read(elements: wanted.elements.map(\.id)).elements
      let waiting = try Self.waiting(wanted, elements, session)
      var problems = wanted.elements.filter { !waiting.contains($0.id) }
        .compactMap { self.problem(with: $0, elements[$0.id]) }
      let shared = wanted.shared.map(\.element.id)
      let stored = try session.read(elements: shared).elements
      problems += shared.filter { !(stored[$0]?.stays ?? false) }.map { "the bridge is missing in set \($0.set)" }
      return .success(try problems + session.problems(with: self.feature, wanted.onDemand))
    }
  }

  private func problem(with wanted: Element, _ stored: StoredElement?) -> String? {
    let name = wanted.title(in: feature)
    guard let stored, stored.stays else { return "\(name) is missing" }
    // DEL and GC look at whether a port is recorded, but not at the attachment that it is recorded with.
    if wanted.recordedPort != nil { return nil }
    if stored.element.owner != wanted.owner {
      return "\(name) belongs to \(stored.element.owner?.text ?? "an unknown owner")"
    }
    let isSame =
      wanted.id.set == feature.attachments.name
      ? stored.element.recordedCount == wanted.recordedCount : stored.element == wanted
    return isSame ? nil : "\(name) is different"
  }
}

extension Session {
  /// Describes the differences in the chains of a feature: constant chains end with exactly our rules, and begin only with jumps
  /// to chains on demand; the latter hold exactly our rules.
  func problems(with feature: Feature, _ onDemand: [OnDemandChain]) throws(NetlinkError) -> [String] {
    let hooks = Dictionary(try chains().map { ($0.name, $0.hook) }) { first, _ in first }
    let rules = Dictionary(grouping: try self.rules(), by: \.chain).mapValues { $0.map(\.expressions) }
    let jumps = hooks.keys.compactMap { feature.onDemand($0) }.flatMap(\.jumps)
    var problems = try read(elements: []).isTableActive ? [] : ["the table is missing or dormant"]
    for chain in feature.chains where chain.name != feature.administratorsChain || hooks[chain.name] == nil {
      guard let hook = hooks[chain.name] else {
        problems.append("chain \(chain.name) is missing")
        continue
      }
      if hook != chain.hook { problems.append("chain \(chain.name) has another hook or policy") }
      let expected = feature.rules.filter { $0.chain == chain.name }.map(\.expressions)
      let actual = rules[chain.name] ?? []
      let known: [[Expression]?] = jumps.filter { $0.chain == chain.name }.map(\.expressions)
      let head = actual.dropLast(expected.count)
      if !actual.elementsEqual(Array(head) + expected) || !head.allSatisfy({ known.contains($0) }) {
        problems.append("chain \(chain.name) has other rules")
      }
    }
    for chain in onDemand {
      if hooks[chain.name] == nil {
        problems.append("chain \(chain.name) is missing")
      } else if rules[chain.name] ?? [] != chain.rules.map(\.expressions) {
        problems.append("chain \(chain.name) has other rules")
      }
      for jump in chain.jumps where !(rules[jump.chain] ?? []).contains(jump.expressions) {
        problems.append("chain \(jump.chain) has no jump to \(chain.name)")
      }
      for set in Set(chain.fixtures.map(\.id.set)).sorted() {
        let expected = Set(chain.fixtures.filter { $0.id.set == set })
        let actual = Set(try elements(of: set).map(\.element))
        if actual != expected { problems.append("set \(set) has other elements") }
      }
    }
    return problems
  }
}
