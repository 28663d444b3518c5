// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import NFTables
import Netlink

/// What one feature needs of our table: the sets, chains and rules that are the same whatever runs on the host. All else are
/// elements of sets and, where a network asks for something of its own, chains on demand.
struct Feature: Sendable {
  /// What for, as in "this kernel cannot …".
  let purpose: String
  /// Which attachments have elements, and how many.
  let attachments: NamedSet
  /// What of it is always there; made when it is first asked for, as most calls need none of it.
  let skeleton: @Sendable () -> Skeleton
  /// The chain whose rules are the administrator's, and never touched; nil if there is none.
  var administratorsChain: String?
  /// Those of the sets whose elements several attachments want together; see ``SharedElement``.
  var sharedSets: [NamedSet] = []
  /// The same among the sets of chains on demand, by the name of a set of members; nil if it is none.
  var sharedSetOnDemand: @Sendable (_ set: String) -> NamedSet? = { _ in nil }
  /// Tables in which upstream's plugin may have left rules.
  var upstreamTables: [Table] = []
  /// What a table that a former version has made has to get when it is built anew.
  var inherited: @Sendable (Session.Snapshot, borrowing Session) throws(NetlinkError) -> [NetlinkMessage] = { _, _ in []
  }
  /// As much of a chain on demand as its name tells; nil if the chain is none of this feature.
  let onDemand: @Sendable (_ chain: String) -> OnDemandChain?
  /// How the names of the chains begin that only this network has.
  let chainPrefixes: @Sendable (_ network: String) -> [String]
  /// Chains on demand as ADD makes them, to find out whether the kernel can.
  let samples: @Sendable () -> [OnDemandChain]

  /// All sets but those of chains on demand.
  var sets: [NamedSet] { skeleton().sets }
  var chains: [Chain] { skeleton().chains }
  var rules: [NFTRule] { skeleton().rules }

  /// How often a chain is used at the least: by its own rules and by jumps to it.
  func leastUse(_ chain: String) -> Int { leastUses.first { $0.chain == chain }?.count ?? 0 }

  /// The same of all chains: one pass over the rules.
  var leastUses: [(chain: String, count: Int)] {
    var uses = chains.map { (chain: $0.name, count: 0) }
    for rule in rules {
      for index in uses.indices where uses[index].chain == rule.chain { uses[index].count += 1 }
      guard let jump = rule.jump else { continue }
      for index in uses.indices where uses[index].chain == jump { uses[index].count += 1 }
    }
    return uses
  }

  /// The shared sets of this feature and, among these names of sets, those of its chains on demand.
  func sharedSets(among names: [String]) -> [NamedSet] {
    sharedSets
      + names.compactMap { name in
        // As if there were a member's set of an interface.
        sharedSetOnDemand("\(name)_lo").flatMap { $0.name == name ? $0 : nil }
      }
  }
}

/// The sets, chains and rules of a feature that are the same on every host.
struct Skeleton: Sendable {
  let sets: [NamedSet]
  let chains: [Chain]
  let rules: [NFTRule]
}

extension Feature {
  /// A set of our table by its name: one that is always there, of a chain on demand, or of the members of a bridge's element.
  static func set(named name: String) -> NamedSet? {
    for feature in [Feature.ports, .firewall] {
      if let set = feature.sets.first(where: { $0.name == name }) { return set }
      if SharedElement.shared(byMembersOf: name, in: feature) != nil { return interfaceSet(name) }
      // The name of the chain, or that with something behind it.
      var chain = name[...]
      while let end = chain.lastIndex(of: "_") {
        if let set = feature.onDemand(String(chain))?.sets.first(where: { $0.name == name }) { return set }
        chain = chain[..<end]
      }
    }
    return nil
  }
}
