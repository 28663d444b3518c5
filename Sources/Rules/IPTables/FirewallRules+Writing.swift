// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI
import Rules

extension TableEdit {
  /// Collects what is missing of the rules, and what the owner had besides. A check leaves out what the peer has not, where the
  /// peer has added the container.
  mutating func write(_ rules: FirewallRules, adminChain: String, isCheck: Bool = false) throws(CNIError) {
    let isOurs = try mark(rules, isCheck: isCheck)
    try ensureChain(adminChain)
    try ensureChain(FirewallRules.forwarding)
    // Before the jump to the accepts is prepended that to the isolation comes, which is to be the first.
    let forward = try self.rules(of: "FORWARD") ?? []
    if !forward.contains(where: { $0.rule == FirewallRules.jumpToForwarding }) {
      prepend(FirewallRules.jumpToForwarding, to: "FORWARD")
    }
    try writeAccepts(rules, adminChain: adminChain)
    if let isolation = rules.isolation { try isolate(isolation, forward, exceptsPublishedPorts: isOurs || !isCheck) }
  }

  private mutating func writeAccepts(_ rules: FirewallRules, adminChain: String) throws(CNIError) {
    let chain = FirewallRules.forwarding
    let needles = rules.addresses.map(\.bytes) + [Array(FirewallRules.adminComment.utf8)]
    let present = try self.rules(of: chain, holding: needles) ?? []
    let adminJump = FirewallRules.jumpToAdmin(adminChain)
    let isFirst = present.first?.rule?.comment == FirewallRules.adminComment
    if !isFirst || !present.contains(where: { $0.rule == adminJump }) {
      for former in present where former.rule == adminJump { remove(former, from: chain) }
      prepend(adminJump, to: chain)
    }
    let known = Set(present.map(\.rule))
    for rule in rules.addresses.flatMap(FirewallRules.accepts) where !known.contains(rule) { append(rule, to: chain) }
  }

  /// Writes down whose the addresses are, and removes the accepts of addresses that the owner has no more. Answers whether the
  /// owner stood there before.
  private mutating func mark(_ rules: FirewallRules, isCheck: Bool) throws(CNIError) -> Bool {
    let chain = FirewallRules.owners
    let former = try marks(of: .owner(rules.owner), at: [])
    let marks = rules.marks
    if isCheck, former.isEmpty { return false }
    let gone = former.filter { placed in !marks.contains { $0 == placed.rule } }
    try remove(marks: gone, addresses: [], bridges: [], keeping: rules)
    try ensureChain(chain)
    let kept = former.map(\.rule)
    for mark in marks where !kept.contains(mark) { append(mark, to: chain) }
    return !former.isEmpty
  }

  private mutating func isolate(
    _ isolation: Isolation, _ forward: [PlacedRule], exceptsPublishedPorts: Bool
  ) throws(CNIError) {
    let (stage1, stage2) = (FirewallRules.stage1, FirewallRules.stage2)
    try ensureChain(stage1)
    try ensureChain(stage2)
    let isAccepting = forward.firstIndex { $0.rule == FirewallRules.jumpToForwarding }
    let isIsolating = forward.firstIndex { $0.jump == stage1 }
    if isIsolating == nil || isIsolating ?? 0 > isAccepting ?? .max {
      for rule in forward where rule.jump == stage1 { remove(rule, from: "FORWARD") }
      prepend(FirewallRules.jumpToIsolation, to: "FORWARD")
    }

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
