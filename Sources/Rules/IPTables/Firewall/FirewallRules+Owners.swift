// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI

/// What stands in an owner's chain.
struct Marks {
  let chain: String
  let rules: [PlacedRule]

  init(_ rules: [PlacedRule], chain: String) {
    self.chain = chain
    self.rules = rules
  }

  var isEmpty: Bool { rules.isEmpty }

  /// Whose they are; nil if that cannot be told.
  var owner: OwnerTag? { rules.first?.rule?.comment.map { OwnerTag(text: $0) } }

  var addresses: [IPAddress] { rules.compactMap { $0.rule?.source?.value.address } }

  var bridges: [String] { rules.compactMap { $0.rule?.inputInterface?.value.name } }

  /// How many of them jump to a chain.
  func jumps(to chain: String) -> Int { rules.count { $0.jump == chain } }

  /// Those that are not among others.
  func without(_ others: [IPTablesRule]) -> Marks {
    Marks(rules.filter { placed in !others.contains { $0 == placed.rule } }, chain: chain)
  }
}

/// How the chain of the accepts begins, and whether all of it is known.
struct AcceptsHead {
  /// Before the accepts.
  let adminJumps: [PlacedRule]
  /// Whether each accept stands for a mark, and each mark for one accept of each kind.
  let areAllMarked: Bool
}

/// The accepts of an address.
struct AddressAccepts {
  /// Of each kind those that there are, and how many others are marked for.
  let kinds: [(rule: IPTablesRule, present: [PlacedRule])]
  let others: Int

  /// What there must be one more of, for one more owner.
  var missing: [IPTablesRule] { kinds.filter { $0.present.count <= others }.map(\.rule) }

  /// What nobody else is marked for.
  var free: [PlacedRule] { kinds.flatMap { $0.present.prefix(max(0, $0.present.count - others)) } }
}

extension TableEdit {
  /// `forward` are the rules of the hook's chain.
  mutating func acceptsHead(_ forward: [PlacedRule]) throws(CNIError) -> AcceptsHead {
    let isAdminJump = { (placed: PlacedRule) in placed.rule?.comment == FirewallRules.adminComment }
    let head = try rules(of: FirewallRules.forwarding, holding: nil) { !isAdminJump($0) }
    let adminJumps = head.filter(isAdminJump)
    let jumps = forward.count { $0.jump == FirewallRules.forwarding }
    let accepts = try uses(of: FirewallRules.forwarding) - jumps - adminJumps.count
    return AcceptsHead(
      adminJumps: adminJumps, areAllMarked: accepts == 2 * (try uses(of: FirewallRules.owners)))
  }

  /// The accepts of some addresses, which takes a look at all rules; those who are marked for them, besides some, are others.
  mutating func acceptsByAddress(
    _ addresses: [IPAddress], besides gone: [Marks]
  ) throws(CNIError) -> [IPAddress: AddressAccepts] {
    if addresses.isEmpty { return [:] }
    // To look for many takes longer than to look at all.
    let needles = addresses.count > 8 ? nil : addresses.map(\.bytes)
    let all = try allRules(holding: needles)
    let chains = Set(gone.map(\.chain))
    var present: [IPTablesRule: [PlacedRule]] = [:]
    var others: [IPAddress: Int] = [:]
    for (chain, placed) in all {
      if chain == FirewallRules.forwarding {
        if let rule = placed.rule { present[rule, default: []].append(placed) }
      } else if placed.jump == FirewallRules.owners, !chains.contains(chain),
        let address = placed.rule?.source?.value.address
      {
        others[address, default: 0] += 1
      }
    }
    var accepts: [IPAddress: AddressAccepts] = [:]
    for address in addresses {
      let kinds = FirewallRules.accepts(address).map { (rule: $0, present: present[$0] ?? []) }
      accepts[address] = AddressAccepts(kinds: kinds, others: others[address] ?? 0)
    }
    return accepts
  }

  /// One accept of each kind for an address that is marked, found without a look at all.
  mutating func someAccepts(of address: IPAddress) throws(CNIError) -> [PlacedRule] {
    let wanted = FirewallRules.accepts(address)
    var found: [PlacedRule] = []
    _ = try rules(of: FirewallRules.forwarding, holding: [address.bytes]) { placed in
      let isWanted = wanted.contains { $0 == placed.rule }
      if isWanted, !found.contains(where: { $0.rule == placed.rule }) { found.append(placed) }
      return found.count == wanted.count
    }
    return found
  }
}
