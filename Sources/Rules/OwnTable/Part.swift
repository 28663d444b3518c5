// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import NFTables

/// What one plugin needs of the table: the sets, chains and rules that are the same whatever runs on the host. All else are
/// elements of sets and, where a network asks for something of its own, branches.
package enum Part: Sendable {
  case ports, firewall

  /// Who has elements, and how many.
  var attachments: NamedSet {
    switch self {
    case .ports: Self.portsAttachments
    case .firewall: Self.firewallAttachments
    }
  }

  /// All sets but those of branches.
  var sets: [NamedSet] {
    switch self {
    case .ports: Self.portsSets
    case .firewall: Self.firewallSets
    }
  }

  /// Those of the sets whose elements several owners want together; see ``SharedElement``.
  var sharedSets: [NamedSet] {
    switch self {
    case .ports: []
    case .firewall: Self.firewallSharedSets
    }
  }

  /// The same among the sets of branches, by the name of a set of members; nil if it is none.
  func sharedBranchSet(byMembersOf set: String) -> NamedSet? {
    switch self {
    case .ports: nil
    case .firewall: Branch.deniedBridges(byMembersOf: set)
    }
  }

  /// The shared sets of this part and, among these names of sets, those of its branches.
  func sharedSets(among names: [String]) -> [NamedSet] {
    sharedSets
      + names.compactMap { name in
        // As if there were a member's set of an interface.
        sharedBranchSet(byMembersOf: "\(name)_lo").flatMap { $0.name == name ? $0 : nil }
      }
  }

  var chains: [Chain] {
    switch self {
    case .ports: Self.portsChains
    case .firewall: Self.firewallChains
    }
  }

  /// Whether the rules in a chain are the administrator's, and never touched.
  func isAdministrators(_ chain: String) -> Bool {
    switch self {
    case .ports: false
    case .firewall: chain == "admin"
    }
  }

  var rules: [RuleObject] {
    switch self {
    case .ports: Self.portsRules
    case .firewall: Self.firewallRules
    }
  }

  /// How often a chain is used at the least: by its own rules and by jumps to it.
  func leastUse(_ chain: String) -> Int {
    rules.reduce(0) { $0 + ($1.chain == chain ? 1 : 0) + ($1.jump == chain ? 1 : 0) }
  }

  /// As much of a branch as its chain's name tells; nil if the chain is no branch of this part.
  func branch(named chain: String) -> Branch? {
    switch self {
    case .ports: .portmap(named: chain)
    case .firewall: .firewall(named: chain)
    }
  }

  /// How the names of the branches begin that only this network has.
  func branchPrefixes(ofNetwork network: String) -> [String] {
    switch self {
    case .ports: AddressFamily.allCases.map { Branch.conditionsPrefix(ofNetwork: network, $0) }
    case .firewall: AddressFamily.allCases.map { Branch.deniedPrefix(ofNetwork: network, $0) }
    }
  }

  /// Branches as ADD makes them, to find out whether the kernel can.
  var samples: [Branch] {
    switch self {
    case .ports: AddressFamily.allCases.map { .masquerade($0, $0.bits / 2) }
    case .firewall: AddressFamily.allCases.map { .denied(.sample($0)) } + Branch.marking(bit: 12)
    }
  }

  /// What for, as in "this kernel cannot …".
  var purpose: String {
    switch self {
    case .ports: "forward ports"
    case .firewall: "filter what it forwards"
    }
  }
}
