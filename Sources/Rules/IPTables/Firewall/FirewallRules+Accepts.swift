// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI

/// How the chain of the accepts begins, and whether all of it is known.
struct AcceptsHead {
  /// Before the accepts.
  let adminJumps: [PlacedRule]
  /// Whether each accept stands for a mark, and each mark for one accept of each kind.
  let areAllMarked: Bool
}

/// The accepts of an address.
struct AddressAccepts {
  /// Of each kind those that there are.
  let kinds: [(rule: IPTablesRule, present: [PlacedRule])]
  /// The marks of others.
  let others: [Mark]

  /// What there must be one more of, for one more owner.
  var missing: [IPTablesRule] { kinds.filter { $0.present.count <= others.count }.map(\.rule) }

  /// What nobody else is marked for.
  var free: [PlacedRule] { kinds.flatMap { $0.present.prefix(max(0, $0.present.count - others.count)) } }

  /// The marks of others whose accepts the peer has removed.
  var stale: [Mark] { kinds.allSatisfy(\.present.isEmpty) ? others : [] }
}

extension TableEdit {
  /// `forward` are the rules of the hook's chain.
  mutating func acceptsHead(_ forward: [PlacedRule]) throws(CNIError) -> AcceptsHead {
    let isAdminJump = { (placed: PlacedRule) in placed.rule?.comment == FirewallRules.adminComment }
    let head = try rules(of: FirewallRules.forwarding, holding: nil) { !isAdminJump($0) }
    let adminJumps = head.filter(isAdminJump)
    let jumps = forward.count { $0.jump == FirewallRules.forwarding }
    let accepts = try uses(of: FirewallRules.forwarding) - jumps - adminJumps.count
    return AcceptsHead(adminJumps: adminJumps, areAllMarked: accepts == 2 * (try uses(of: Wish.accepts)))
  }

  /// The accepts of some addresses, which takes a look at all rules; those who are marked for them, besides some, are others.
  mutating func acceptsByAddress(
    _ addresses: [IPAddress], besides gone: Marks
  ) throws(CNIError) -> [IPAddress: AddressAccepts] {
    if addresses.isEmpty { return [:] }
    // To look for many takes longer than to look at all.
    let needles = addresses.count > 8 ? nil : addresses.map(\.bytes)
    let all = try allRules(holding: needles)
    let removed = Set(gone.marks.map(\.placed.handle))
    var present: [IPTablesRule: [PlacedRule]] = [:]
    var others: [IPAddress: [Mark]] = [:]
    for (chain, placed) in all {
      if chain == FirewallRules.forwarding {
        if let rule = placed.rule { present[rule, default: []].append(placed) }
      } else if !removed.contains(placed.handle), let mark = Marking.mark(placed, in: chain),
        case .accept(let address) = mark.wish
      {
        others[address, default: []].append(mark)
      }
    }
    var accepts: [IPAddress: AddressAccepts] = [:]
    for address in addresses {
      let kinds = FirewallRules.accepts(address).map { (rule: $0, present: present[$0] ?? []) }
      accepts[address] = AddressAccepts(kinds: kinds, others: others[address] ?? [])
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
