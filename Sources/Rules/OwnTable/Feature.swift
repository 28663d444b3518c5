// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI
import NFTables
import Netlink

/// The part of our table that one plugin needs: sets, chains and rules that are the same whatever runs on the host. Everything
/// else is elements of sets and, for options of single networks, chains on demand.
struct Feature: Sendable {
  /// The feature as a verb with its object, as in "this kernel cannot forward ports".
  let purpose: String
  /// The set of the attachments' records, each of which states the number of the attachment's elements.
  let attachments: NamedSet
  /// The constant part; computed when it is first asked for, as most calls need none of it.
  let skeleton: @Sendable () -> Skeleton
  /// The chain whose rules are the administrator's, and never touched; nil if there is none.
  var administratorsChain: String?
  /// The sets whose elements several attachments share; see ``SharedElement``.
  var sharedSets: [NamedSet] = []
  /// The shared set of a chain on demand to which the set of members `set` belongs, by its name; nil if there is none.
  var sharedSetOnDemand: @Sendable (_ set: String) -> NamedSet? = { _ in nil }
  /// Tables in which upstream's plugin may have left rules.
  var upstreamTables: [Table] = []
  /// Whether a rule with this comment in such a table belongs to the attachment.
  var isUpstreamComment: @Sendable (Attachment) -> (_ comment: String) -> Bool = { owner in { $0 == owner.containerID }
  }
  /// The messages that migrate a table of a former version when it is rebuilt.
  var inherited: @Sendable (Session.Snapshot, borrowing Session) throws(NetlinkError) -> [NetlinkMessage] = { _, _ in []
  }
  /// The parts of a chain on demand that follow from its name; nil if this feature has no chain of such a name.
  let onDemand: @Sendable (_ chain: String) -> OnDemandChain?
  /// The prefixes of the names of the chains on demand that only this network uses.
  let chainPrefixes: @Sendable (_ network: String) -> [String]
  /// Sample chains on demand, with which STATUS tests whether the kernel can make them.
  let samples: @Sendable () -> [OnDemandChain]

  /// All sets except those of chains on demand.
  var sets: [NamedSet] { skeleton().sets }
  var chains: [Chain] { skeleton().chains }
  var rules: [NFTRule] { skeleton().rules }

  /// The least use count (`NFTA_CHAIN_USE`) of a complete chain: its own rules and the constant jumps to it.
  func leastUse(_ chain: String) -> Int { leastUses.first { $0.chain == chain }?.count ?? 0 }

  /// The least use counts of all chains, computed in one pass over the rules.
  var leastUses: [(chain: String, count: Int)] {
    var uses = chains.map { (chain: $0.name, count: 0) }
    for rule in rules {
      for index in uses.indices where uses[index].chain == rule.chain { uses[index].count += 1 }
      guard let jump = rule.jump else { continue }
      for index in uses.indices where uses[index].chain == jump { uses[index].count += 1 }
    }
    return uses
  }

  /// The shared sets of this feature, with those of its chains on demand whose names are among `names`.
  func sharedSets(among names: [String]) -> [NamedSet] {
    sharedSets
      + names.compactMap { name in
        // The lookup takes the name of a set of members, so one is made up for the interface lo.
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
  /// The set of our table with this name: a constant one, one of a chain on demand, or the set of members of a bridge's element.
  static func set(named name: String) -> NamedSet? {
    for feature in [Feature.ports, .firewall, .masquerade] {
      if let set = feature.sets.first(where: { $0.name == name }) { return set }
      if SharedElement.shared(byMembersOf: name, in: feature) != nil { return interfaceSet(name) }
      // A set has the name of its chain, or that name with a suffix.
      var chain = name[...]
      while let end = chain.lastIndex(of: "_") {
        if let set = feature.onDemand(String(chain))?.sets.first(where: { $0.name == name }) { return set }
        chain = chain[..<end]
      }
    }
    return nil
  }
}
