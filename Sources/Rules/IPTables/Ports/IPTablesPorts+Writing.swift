// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI
import Rules

extension IPTablesPorts {
  func portRules(_ wanted: PortForwardingRequest, _ family: AddressFamily) throws(CNIError) -> PortRules {
    do {
      return try PortRules(wanted, family, settings)
    } catch {
      let field = family == .ip ? "conditionsV4" : "conditionsV6"
      throw CNIError(.invalidConfiguration, "\(field): \(error)")
    }
  }

  /// Collects the rules that keep ports published on 127.0.0.0/8 for this host, before the jump to the entries.
  private func keepLoopback(_ table: inout TableEdit) throws(CNIError) {
    try table.look(at: [PortRules.loopback, "PREROUTING"])
    try table.fill(PortRules.loopback, with: PortRules.loopbackRules)
    let rules = try table.rules(of: "PREROUTING") ?? []
    let place = rules.firstIndex { $0.rule == PortRules.jumpToLoopback }
    if let place, !rules[..<place].contains(where: { $0.jump == PortRules.entries }) { return }
    if let place { table.remove(rules[place], from: "PREROUTING") }
    table.prepend(PortRules.jumpToLoopback, to: "PREROUTING")
  }

  /// Collects the changes that make the attachment have exactly these rules. CHECK does not ask for rules that upstream does not
  /// write, so that containers which upstream has added pass.
  func write(
    _ rules: PortRules, over present: PresentPorts, isCheck: Bool = false, _ table: inout TableEdit
  ) throws(CNIError) {
    var wanted = rules
    wanted.chain = present.target
    if rules.masqueradesAny { wanted = try prepareMasquerading(wanted, &table) }
    try table.ensureChain(PortRules.entries)
    for hook in ["PREROUTING", "OUTPUT"] { try table.ensure(PortRules.jumpToEntries, in: hook) }
    if rules.publishesOnLoopback, !isCheck { try keepLoopback(&table) }
    _ = try table.remove(present, but: present.target)
    try table.fill(present.target, with: wanted.chainRules)
    let old = present.entries(to: present.target)
    if wanted.areEntries(old) {
      // The entries are right, but may be in the wrong place: the last added container has the port. CHECK ignores places,
      // because upstream knows nothing of waiting attachments.
      if isCheck { return }
      if try takeovers(of: rules, present, &table).isEmpty { return }
    }
    let places = try table.entryPlaces(of: wanted, over: present)
    for entry in old { table.remove(entry, from: PortRules.entries) }
    for place in places.waiting {
      let entries = wanted.entries { place.ports.contains(PortOfTransport($0)) }
      for entry in entries.reversed() { table.insert(entry, after: place.entry, in: PortRules.entries) }
    }
    for entry in wanted.entries(of: places.isFront).reversed() { table.prepend(entry, to: PortRules.entries) }
  }

  /// Collects the rules that masquerading needs, and returns the attachment's rules with the chain that marks: ours if the
  /// configured one is missing.
  private func prepareMasquerading(_ rules: PortRules, _ table: inout TableEdit) throws(CNIError) -> PortRules {
    try table.look(at: [rules.markChain, PortRules.marking, PortRules.masquerading, "POSTROUTING"])
    if rules.markChain != PortRules.marking {
      if try table.has(rules.markChain) { return rules }
      note("externalSetMarkChain: there is no chain \(rules.markChain): \(PortRules.marking) is used instead")
    }
    try table.ensureChain(PortRules.marking)
    try table.ensure(rules.markingRule, in: PortRules.marking)
    try table.ensureChain(PortRules.masquerading)
    try table.ensure(rules.masqueradingRule, in: PortRules.masquerading)
    try table.ensure(PortRules.jumpToMasquerading, in: "POSTROUTING", atStart: true)
    return rules.marking(by: PortRules.marking)
  }

  /// Throws code 100 if another attachment has one of the host ports.
  func requireFree(_ rules: PortRules, _ table: inout TableEdit) throws(CNIError) {
    let present = try table.ports(of: rules.attachment)
    let entries = try table.rules(of: PortRules.entries) ?? []
    let holders = try table.holders(of: rules.hostPorts, entries) { chain, taker, port in
      taker == port && !present.has(chain)
    }
    for (port, holder) in zip(rules.hostPorts, holders) {
      guard let holder else { continue }
      let owner = holder.comment.map { " (\($0))" } ?? ""
      throw CNIError(.hostPortConflict, "\(port) belongs to another container\(owner)")
    }
  }

  /// Describes the host ports that another container has taken over; those that another attachment of the same container has are
  /// not among them.
  func takeovers(
    of rules: PortRules, _ present: PresentPorts, _ table: inout TableEdit
  ) throws(CNIError) -> [String] {
    // Entries behind the attachment's own take no packets from it.
    var rest = present.entries(to: present.target).count
    if rest == 0 { return [] }
    let entries = try table.rules(of: PortRules.entries, holding: nil) { entry in
      if entry.jump == present.target { rest -= 1 }
      return rest == 0
    }
    let holders = try table.holders(of: rules.hostPorts, entries) { _, taker, port in taker.covers(port) }
    return zip(rules.hostPorts, holders).compactMap { port, holder in
      guard let holder, !present.has(holder.chain), !rules.attachment.isOfContainer(holder.comment) else { return nil }
      return "the mapping of \(port) belongs to \(holder.comment ?? "the chain \(holder.chain)")"
    }
  }
}
