// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI
import Rules

extension TableEdit {
  /// Collects what makes the owner have exactly these rules, or none; answers what it had.
  @discardableResult
  mutating func replace(with rules: FirewallRules, adminChain: String) throws(CNIError) -> FirewallRules {
    if !rules.isEmpty { try look(at: [Marking.chain(rules.owner), adminChain] + FirewallRules.shared) }
    let former = FirewallRules(rules.family, rules.owner, try marks(of: rules.owner))
    if rules.isEmpty {
      try remove(rules.owner, addresses: [], bridges: [])
    } else {
      try write(rules, adminChain: adminChain)
    }
    return former
  }

  /// Collects what is missing of the rules, and what the owner had besides. A check leaves out what the peer has not, where the
  /// peer has added the container.
  mutating func write(_ rules: FirewallRules, adminChain: String, isCheck: Bool = false) throws(CNIError) {
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
    try writeAccepts(rules, head, former, trustsMarks: !isCheck)
    try writeAdminJump(FirewallRules.jumpToAdmin(adminChain), head)
    if !isPeers { try mark(rules, former, head) }
    if let isolation = rules.isolation { try isolate(isolation, exceptsPublishedPorts: !isPeers) }
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

  private mutating func writeAccepts(
    _ rules: FirewallRules, _ head: AcceptsHead, _ former: Marks, trustsMarks: Bool
  ) throws(CNIError) {
    // Where all accepts are marked, a mark that is there tells as much as a look through thousands.
    var missing: [IPTablesRule] = []
    if trustsMarks, head.areAllMarked {
      for address in rules.addresses {
        // Those of a mark the peer may have removed, and added as many others.
        let present = former.addresses.contains(address) ? try someAccepts(of: address) : []
        missing += FirewallRules.accepts(address).filter { wanted in !present.contains { $0.rule == wanted } }
      }
    } else {
      let accepts = try acceptsByAddress(rules.addresses, besides: former)
      for address in rules.addresses { missing += accepts[address]?.missing ?? [] }
    }
    // The last added come first, as whoever is deleted soon is found soon.
    for rule in missing.reversed() { insert(rule, after: head.adminJumps.last, in: FirewallRules.forwarding) }
  }

  /// Makes the owner have exactly its marks; what else it was marked for goes unless others are.
  private mutating func mark(_ rules: FirewallRules, _ former: Marks, _ head: AcceptsHead) throws(CNIError) {
    let wishes = rules.wishes
    var missing = wishes.map { marking.mark($0, rules.owner) }
    var gone = Marks()
    for mark in former.marks {
      if let index = missing.firstIndex(where: { $0.chain == mark.chain && $0.rule == mark.placed.rule }) {
        missing.remove(at: index)
      } else {
        remove(mark.placed, from: mark.chain)
        if !wishes.contains(mark.wish) { gone.marks.append(mark) }
      }
    }
    for mark in missing {
      try ensureChain(mark.chain)
      if case .jump(let chain) = mark.rule.target { try ensureChain(chain) }
      append(mark.rule, to: mark.chain)
    }
    if !gone.isEmpty { try removeMarked(gone, addresses: [], bridges: [], head, keeping: rules.isolation) }
  }

  private mutating func isolate(_ isolation: Isolation, exceptsPublishedPorts: Bool) throws(CNIError) {
    let (stage1, stage2) = (FirewallRules.stage1, FirewallRules.stage2)
    let first = try rules(of: stage1) ?? []
    var added = [FirewallRules.leaving(isolation.bridge)]
    if isolation.kind == .isolated { added.append(FirewallRules.staying(isolation.bridge)) }
    added = added.filter { wanted in !first.contains { $0.rule?.isSameButForComments(as: wanted) ?? false } }
    for rule in added.reversed() { prepend(rule, to: stage1) }
    let isExcepting = first.first?.rule == FirewallRules.publishedPorts && added.isEmpty
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

  private var withoutComments: IPTablesRule {
    var copy = self
    copy.matches = matches.filter { match in
      if case .comment = match { false } else { true }
    }
    return copy
  }
}
