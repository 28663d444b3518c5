// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI
import Rules

extension TableEdit {
  /// Collects what makes the owner have exactly these rules, or none; answers what it had. Accepts that were adopted may be left
  /// without a mark, as the peer has added them.
  @discardableResult
  mutating func replace(
    with rules: FirewallRules, adminChain: String, leaving adopted: [IPTablesRule] = []
  ) throws(CNIError) -> FormerRules {
    if !rules.isEmpty { try look(at: [Marking.chain(rules.owner), adminChain] + FirewallRules.shared) }
    let former = FirewallRules(rules.family, rules.owner, try marks(of: rules.owner))
    if rules.isEmpty {
      try remove(rules.owner, addresses: [], bridges: [], leaving: adopted)
      return FormerRules(rules: former, adopted: [])
    }
    let added = try write(rules, adminChain: adminChain, leaving: adopted)
    let taken = rules.addresses.filter { !former.addresses.contains($0) }
    return FormerRules(rules: former, adopted: taken.flatMap(FirewallRules.accepts).filter { !added.contains($0) })
  }

  /// Collects what makes an owner have again what it had.
  mutating func putBack(_ former: FormerRules, adminChain: String) throws(CNIError) {
    try replace(with: former.rules, adminChain: adminChain, leaving: former.adopted)
  }

  /// Collects what is missing of the rules, and what the owner had besides; answers the accepts among what is missing. A check
  /// leaves out what the peer has not, where the peer has added the container.
  @discardableResult
  mutating func write(
    _ rules: FirewallRules, adminChain: String, leaving adopted: [IPTablesRule] = [], isCheck: Bool = false
  ) throws(CNIError) -> [IPTablesRule] {
    try look(at: [Marking.chain(rules.owner), adminChain] + FirewallRules.shared)
    let former = try marks(of: rules.owner)
    let isPeers = isCheck && former.isEmpty
    try ensureChain(adminChain)
    try ensureChain(FirewallRules.forwarding)
    if rules.isolation != nil {
      for chain in [FirewallRules.stage1, FirewallRules.stage2] { try ensureChain(chain) }
    }
    let forward = try self.rules(of: "FORWARD") ?? []
    writeJumps(forward, isIsolating: rules.isolation != nil)
    let head = try acceptsHead(forward)
    let (missing, stale) = try missingAccepts(rules, head, former, trustsMarks: !isCheck)
    // The last added come first, as whoever is deleted soon is found soon.
    for rule in missing.reversed() { insert(rule, after: head.adminJumps.last, in: FirewallRules.forwarding) }
    try writeAdminJump(FirewallRules.jumpToAdmin(adminChain), head)
    if !isPeers {
      try mark(
        rules, former, isCheck ? Marks() : withOwners(stale, replacedBy: rules.owner), head, leaving: adopted,
        isCheck: isCheck)
    }
    if let isolation = rules.isolation { try isolate(isolation, isCheck: isCheck, exceptsPublishedPorts: !isPeers) }
    return missing
  }

  /// Makes the jump one of the first rules, and the only one like it, whatever somebody has put before it.
  private mutating func writeAdminJump(_ jump: IPTablesRule, _ head: AcceptsHead) throws(CNIError) {
    let chain = FirewallRules.forwarding
    if head.adminJumps.contains(where: { $0.rule == jump }) { return }
    let present = try rules(of: chain, holding: [Array(FirewallRules.adminComment.utf8)])
    for former in present where former.rule == jump {
      remove(former, from: chain)
    }
    prepend(jump, to: chain)
  }

  /// What isolates comes before what accepts, which would end a packet's way through the table.
  private mutating func writeJumps(_ forward: [PlacedRule], isIsolating: Bool) {
    let acceptance = forward.firstIndex { $0.rule == FirewallRules.jumpToForwarding }
    let isolation = forward.firstIndex { $0.jump == FirewallRules.stage1 }
    if acceptance == nil { prepend(FirewallRules.jumpToForwarding, to: "FORWARD") }
    if let isolation, let acceptance, isolation < acceptance { return }
    guard isIsolating || isolation != nil else { return }
    for rule in forward where rule.jump == FirewallRules.stage1 { remove(rule, from: "FORWARD") }
    prepend(FirewallRules.jumpToIsolation, to: "FORWARD")
  }

  /// The accepts that are missing, and the marks of others that stand for no accept any more.
  private mutating func missingAccepts(
    _ rules: FirewallRules, _ head: AcceptsHead, _ former: Marks, trustsMarks: Bool
  ) throws(CNIError) -> (missing: [IPTablesRule], stale: [Mark]) {
    // Where all accepts are marked, a mark that is there tells as much as a look through thousands.
    if trustsMarks, head.areAllMarked {
      var missing: [IPTablesRule] = []
      for address in rules.addresses {
        // Those of a mark the peer may have removed, and added as many others.
        let present = former.addresses.contains(address) ? try someAccepts(of: address) : []
        missing += FirewallRules.accepts(address).filter { wanted in !present.contains { $0.rule == wanted } }
      }
      return (missing, [])
    }
    let all = try acceptsByAddress(rules.addresses, besides: former)
    let accepts = rules.addresses.compactMap { all[$0] }
    return (accepts.flatMap(\.missing), accepts.flatMap(\.stale))
  }

  /// Makes the owner have exactly its marks; what else it was marked for goes unless others are, and so do others' stale marks.
  private mutating func mark(
    _ rules: FirewallRules, _ former: Marks, _ stale: Marks, _ head: AcceptsHead, leaving adopted: [IPTablesRule],
    isCheck: Bool
  ) throws(CNIError) {
    var missing = rules.wishes
    var gone = stale
    remove(stale)
    // What was restored from a table of the other kind works, but is written as is usual here.
    let markings = isCheck ? Marking.allCases : [marking]
    for mark in former.marks {
      if let index = missing.firstIndex(where: { mark.says($0, of: rules.owner, in: markings) }) {
        missing.remove(at: index)
      } else {
        remove(mark.placed, from: mark.chain)
        if !rules.wishes.contains(mark.wish) { gone.marks.append(mark) }
      }
    }
    for wish in missing {
      let (chain, rule) = marking.mark(wish, rules.owner)
      try ensureChain(chain)
      try ensureChain(wish.chain)
      append(rule, to: chain)
    }
    if gone.isEmpty { return }
    try removeMarked(gone, addresses: [], bridges: [], head, keeping: rules.isolation, leaving: adopted)
  }

  private mutating func isolate(
    _ isolation: Isolation, isCheck: Bool, exceptsPublishedPorts: Bool
  ) throws(CNIError) {
    let (stage1, stage2) = (FirewallRules.stage1, FirewallRules.stage2)
    let first = try rules(of: stage1) ?? []
    var added = [FirewallRules.leaving(isolation.bridge)]
    if isolation.kind == .isolated { added.append(FirewallRules.staying(isolation.bridge)) }
    added = added.filter { wanted in !first.contains { $0.rule?.isSameButForComments(as: wanted) ?? false } }
    for rule in added.reversed() { prepend(rule, to: stage1) }
    // The peer puts other bridges before the exception, from which published ports are not reached until the next ADD: what it
    // may always do is no finding.
    let own = isCheck ? first.filter { !($0.rule?.isolates(besides: isolation.bridge) ?? false) } : first
    let isExcepting = own.first?.rule == FirewallRules.publishedPorts && added.isEmpty
    if exceptsPublishedPorts, !isExcepting {
      for rule in first where rule.rule == FirewallRules.publishedPorts { remove(rule, from: stage1) }
      prepend(FirewallRules.publishedPorts, to: stage1)
    }
    endWithReturn(first, stage1)

    let second = try rules(of: stage2) ?? []
    let entering = FirewallRules.entering(isolation.bridge)
    if !second.contains(where: { $0.rule?.isSameButForComments(as: entering) ?? false }) {
      prepend(entering, to: stage2)
    }
    endWithReturn(second, stage2)
  }

  private mutating func endWithReturn(_ rules: [PlacedRule], _ chain: String) {
    if rules.last?.rule?.isSameButForComments(as: FirewallRules.end) ?? false { return }
    append(FirewallRules.end, to: chain)
  }
}

extension IPTablesRule {
  /// Versions of the peer have different comments for the same.
  func isSameButForComments(as other: IPTablesRule) -> Bool { withoutComments == other.withoutComments }

  /// Whether it is one of the rules about another bridge.
  fileprivate func isolates(besides own: String) -> Bool {
    guard let bridge = inputInterface?.value.name, bridge != own else { return false }
    return [FirewallRules.leaving(bridge), FirewallRules.staying(bridge)].contains { isSameButForComments(as: $0) }
  }

  private var withoutComments: IPTablesRule {
    var copy = self
    copy.matches = matches.filter { match in
      if case .comment = match { false } else { true }
    }
    return copy
  }
}
