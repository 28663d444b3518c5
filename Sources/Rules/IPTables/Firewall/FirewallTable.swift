// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI
import Rules

/// Changes of the rules in ``FirewallRules``.
extension TableEdit {
  /// Reads the chains that most changes need, all at once.
  mutating func lookAtFirewallChains(adminChain: String) throws(CNIError) {
    try look(at: ["FORWARD", FirewallRules.forwarding, adminChain, FirewallRules.stage1, FormerMarks.accepts])
  }

  // MARK: - The chains that do not depend on containers

  /// Collects the missing jumps from FORWARD and to the administrator's chain, and adds accepts right behind that jump: there the
  /// accepts of short-lived containers are found early.
  mutating func writeForwarding(
    adminChain: String, isIsolating: Bool, adding accepts: [IPTablesRule]
  ) throws(CNIError) {
    try ensureChain(adminChain)
    try ensureChain(FirewallRules.forwarding)
    if isIsolating {
      for chain in [FirewallRules.stage1, FirewallRules.stage2] { try ensureChain(chain) }
    }
    writeJumps(try self.rules(of: "FORWARD") ?? [], isIsolating: isIsolating)
    let adminJumps = try adminJumps()
    for rule in accepts.reversed() { insert(rule, after: adminJumps.last, in: FirewallRules.forwarding) }
    try writeAdminJump(FirewallRules.jumpToAdmin(adminChain), adminJumps)
  }

  /// The jumps to administrators' chains at the head of the accepts.
  mutating func adminJumps() throws(CNIError) -> [PlacedRule] {
    let isAdminJump = { (placed: PlacedRule) in placed.rule?.comment == FirewallRules.adminComment }
    return try rules(of: FirewallRules.forwarding, holding: nil) { !isAdminJump($0) }.filter(isAdminJump)
  }

  /// Whether a chain has a rule.
  mutating func has(_ rule: IPTablesRule, in chain: String) throws(CNIError) -> Bool {
    if try !has(chain) { return false }
    return try rules(of: chain, holding: nil) { $0.rule == rule }.contains { $0.rule == rule }
  }

  /// Makes the jump to the administrator's chain one of the first rules, and removes copies of it further down.
  private mutating func writeAdminJump(_ jump: IPTablesRule, _ adminJumps: [PlacedRule]) throws(CNIError) {
    let chain = FirewallRules.forwarding
    if adminJumps.contains(where: { $0.rule == jump }) { return }
    for former in try rules(of: chain, holding: [Array(FirewallRules.adminComment.utf8)]) where former.rule == jump {
      remove(former, from: chain)
    }
    prepend(jump, to: chain)
  }

  /// The jump to the isolation comes before that to the accepts, because an accept is final in this table.
  private mutating func writeJumps(_ forward: [PlacedRule], isIsolating: Bool) {
    let acceptance = forward.firstIndex { $0.rule == FirewallRules.jumpToForwarding }
    let isolation = forward.firstIndex { $0.jump == FirewallRules.stage1 }
    if acceptance == nil { prepend(FirewallRules.jumpToForwarding, to: "FORWARD") }
    if let isolation, let acceptance, isolation < acceptance { return }
    guard isIsolating || isolation != nil else { return }
    for rule in forward where rule.jump == FirewallRules.stage1 { remove(rule, from: "FORWARD") }
    prepend(FirewallRules.jumpToIsolation, to: "FORWARD")
  }

  // MARK: - Accepts

  /// The present accepts of these addresses: all copies, or only as far as there is one of each kind for every address.
  mutating func accepts(of addresses: [IPAddress], all: Bool) throws(CNIError) -> [PlacedRule] {
    if addresses.isEmpty { return [] }
    guard try has(FirewallRules.forwarding) else { return [] }
    let wanted = addresses.flatMap(FirewallRules.accepts)
    // A search for many addresses takes longer than reading all rules.
    let patterns = addresses.count > 8 ? nil : addresses.map(\.bytes)
    var missing = wanted
    let isLast = { (placed: PlacedRule) in
      missing.removeAll { $0 == placed.rule }
      return missing.isEmpty
    }
    return try rules(of: FirewallRules.forwarding, holding: patterns, until: all ? nil : isLast).filter { placed in
      placed.rule.map(wanted.contains) ?? false
    }
  }

  // MARK: - Isolation

  /// Collects the missing rules of a bridge's isolation. `exceptsPublishedPorts` is false for CHECK of a container that upstream
  /// has added, because upstream has no such exception.
  mutating func isolate(
    _ isolation: Isolation, isCheck: Bool = false, exceptsPublishedPorts: Bool = true
  ) throws(CNIError) {
    let (stage1, stage2) = (FirewallRules.stage1, FirewallRules.stage2)
    let first = try rules(of: stage1) ?? []
    let wanted = FirewallRules.isolation(isolation)
    let missing = wanted.stage1.filter { !first.contain($0) }
    for rule in missing.reversed() { prepend(rule, to: stage1) }
    // Upstream adds rules of other bridges before the exception at any time; these bridges do not reach published ports until the
    // next ADD, and CHECK ignores it.
    let own = isCheck ? first.filter { !($0.rule?.isolates(besides: isolation.bridge) ?? false) } : first
    let isExcepting = own.first?.rule == FirewallRules.publishedPorts && missing.isEmpty
    if exceptsPublishedPorts, !isExcepting {
      for rule in first where rule.rule == FirewallRules.publishedPorts { remove(rule, from: stage1) }
      prepend(FirewallRules.publishedPorts, to: stage1)
    }
    endWithReturn(first, stage1)

    let second = try rules(of: stage2) ?? []
    for rule in wanted.stage2 where !second.contain(rule) { prepend(rule, to: stage2) }
    endWithReturn(second, stage2)
  }

  private mutating func endWithReturn(_ rules: [PlacedRule], _ chain: String) {
    if rules.last?.rule?.isSameButForComments(as: FirewallRules.end) ?? false { return }
    append(FirewallRules.end, to: chain)
  }

  /// The bridges that have isolation rules.
  mutating func isolatedBridges() throws(CNIError) -> [String] {
    let leaving = try (rules(of: FirewallRules.stage1) ?? []).compactMap { $0.rule?.inputInterface }
    let entering = try (rules(of: FirewallRules.stage2) ?? []).compactMap { $0.rule?.outputInterface }
    var names: [String] = []
    for name in (leaving + entering).map(\.value.name) where !names.contains(name) { names.append(name) }
    return names
  }

  /// Collects the removal of isolations, each with the rules of its kind. If no other bridge has rules in the chains, these are
  /// removed too, unless the same change adds rules to them (`keepsChains`).
  mutating func removeIsolation(_ freed: [Isolation], keepsChains: Bool) throws(CNIError) {
    if freed.isEmpty { return }
    let (stage1, stage2) = (FirewallRules.stage1, FirewallRules.stage2)
    let rules = freed.map { isolation in
      isolation.kind == .isolated
        ? ([FirewallRules.staying(isolation.bridge)], [])
        : FirewallRules.isolation(Isolation(bridge: isolation.bridge, .isolated))
    }
    let unwanted = [(stage1, rules.flatMap(\.0)), (stage2, rules.flatMap(\.1))]
    if !keepsChains, try removeIsolationChains(ifOnly: unwanted) { return }
    for (chain, rules) in unwanted {
      for placed in try self.rules(of: chain) ?? [] where rules.contains(where: { placed.isSame(as: $0) }) {
        remove(placed, from: chain)
      }
    }
  }

  /// Collects the removal of the isolation's chains and returns true, if they hold no rule of another bridge and no foreign rule
  /// jumps to them.
  private mutating func removeIsolationChains(
    ifOnly unwanted: [(chain: String, rules: [IPTablesRule])]
  ) throws(CNIError) -> Bool {
    let jumps = try (rules(of: "FORWARD") ?? []).filter { $0.jump == FirewallRules.stage1 }
    var leading = jumps.count
    for (chain, rules) in unwanted {
      let present = try self.rules(of: chain) ?? []
      let constant = [FirewallRules.publishedPorts, FirewallRules.end]
      let isOurs = present.allSatisfy { placed in (rules + constant).contains { placed.isSame(as: $0) } }
      // The kernel refuses to remove a chain to which another rule jumps; its use count is that of its rules and of the jumps to
      // it.
      let uses = try has(chain) ? uses(of: chain) : present.count + leading
      guard isOurs, uses == present.count + leading else { return false }
      leading = present.count { $0.jump == FirewallRules.stage2 }
    }
    for jump in jumps { remove(jump, from: "FORWARD") }
    for (chain, _) in unwanted where try has(chain) { removeChain(chain) }
    return true
  }
}

extension [PlacedRule] {
  /// Whether one of the rules is this one, apart from comments.
  fileprivate func contain(_ rule: IPTablesRule) -> Bool { contains { $0.isSame(as: rule) } }
}

extension PlacedRule {
  fileprivate func isSame(as other: IPTablesRule) -> Bool { rule?.isSameButForComments(as: other) ?? false }
}

extension IPTablesRule {
  /// Comments are ignored, because they differ between versions of upstream.
  func isSameButForComments(as other: IPTablesRule) -> Bool { withoutComments == other.withoutComments }

  /// Whether it is an isolation rule of another bridge.
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
