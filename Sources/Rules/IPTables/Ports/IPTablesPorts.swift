// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI
import Rules

/// Rules in the tables of iptables, in the form and under the names that the peer's plugin has.
package struct IPTablesPorts: PortForwardingBackend {
  private let settings: IPTablesSettings
  /// Where rules are written.
  private let transport: any IPTablesTransport
  /// Where rules may stand that were written before the host, or the configuration, changed.
  private let places: [any IPTablesTransport]
  private let note: (String) -> Void

  package init(
    _ settings: IPTablesSettings, transport: any IPTablesTransport, places: [any IPTablesTransport],
    note: @escaping (String) -> Void
  ) {
    self.settings = settings
    self.transport = transport
    self.places = places
    self.note = note
  }

  package func apply(
    _ wanted: OwnedRules, onConflict: ConflictPolicy, then completion: () throws(CNIError) -> Void
  ) throws(CNIError) -> [Takeover] {
    // What is wrong with the configuration must change nothing.
    var families: [(AddressFamily, PortRules)] = []
    for family in AddressFamily.allCases { families.append((family, try portRules(wanted, family))) }
    if onConflict == .error {
      // In both families before anything is written: who is refused keeps what it has.
      for (family, rules) in families where !rules.isEmpty {
        try transport.change(IPTable(.nat, family)) { (table) throws(CNIError) in
          try requireFree(rules, wanted, &table)
        }
      }
    }
    var changed: [(family: AddressFamily, former: Former)] = []
    do throws(CNIError) {
      for (family, rules) in families {
        if rules.isEmpty, !transport.mayHold(IPTable(.nat, family)) { continue }
        let former = try transport.change(IPTable(.nat, family)) { (table) throws(CNIError) in
          // Again, as only now nobody can come between.
          if onConflict == .error { try requireFree(rules, wanted, &table) }
          let present = try Self.present(PortRules.chain(rules.owner), &table)
          if rules.isEmpty {
            _ = try Self.remove(wanted.owner, &table)
          } else {
            try write(rules, over: present, &table)
          }
          return Former(present)
        }
        changed.append((family, former))
        if rules.opensLocalhost {
          try transport.change(PortRules.guardTable) { (table) throws(CNIError) in try guardLocalhost(&table) }
        }
      }
      try completion()
      return []
    } catch {
      // The first error is the one to tell.
      for (family, former) in changed {
        try? transport.change(IPTable(.nat, family)) { (table) throws(CNIError) in
          try Self.putBack(former, of: wanted.owner, &table)
        }
      }
      throw error
    }
  }

  package func verify(_ wanted: OwnedRules) throws(CNIError) -> [String] {
    var problems: [String] = []
    for family in AddressFamily.allCases {
      let rules = try portRules(wanted, family)
      if rules.isEmpty { continue }
      let table = IPTable(.nat, family)
      problems += try transport.change(table) { (edit) throws(CNIError) in
        var missing: [String] = []
        try write(rules, over: try Self.present(PortRules.chain(rules.owner), &edit), &edit)
        for change in edit.discard() { missing.append("\(table): \(change)") }
        return missing
      }
    }
    return problems
  }

  package func remove(
    _ owner: Owner, hint: [Rule], ports: [HostPort]
  ) throws(CNIError) -> [PortForward] {
    var forwards: [PortForward] = []
    for place in places {
      for family in AddressFamily.allCases where place.mayHold(IPTable(.nat, family)) {
        forwards += try place.change(IPTable(.nat, family)) { (table) throws(CNIError) in try Self.remove(owner, &table)
        }
      }
    }
    return forwards
  }

  package func removeAll(
    ofNetwork network: String, sparing valid: Set<Attachment>
  ) throws(CNIError) -> [PortForward] {
    let spared = valid.map {
      PortRules.chain(Owner(network: network, containerID: $0.containerID, interface: $0.interface))
    }
    guard let prefix = PortRules.commentPrefix(network: network) else {
      note("iptables: the network's name is too long to tell its rules from others': none are collected")
      return []
    }
    var forwards: [PortForward] = []
    for place in places {
      for family in AddressFamily.allCases where place.mayHold(IPTable(.nat, family)) {
        forwards += try place.change(IPTable(.nat, family)) { (table) throws(CNIError) in
          var stale: [String] = []
          for entry in try table.rules(of: PortRules.entries) ?? [] {
            guard
              let chain = entry.jump, chain.hasPrefix("CNI-DN-"), !spared.contains(chain),
              entry.rule?.comment?.hasPrefix(prefix) ?? false
            else { continue }
            table.remove(entry, from: PortRules.entries)
            if !stale.contains(chain) { stale.append(chain) }
          }
          return try Self.remove(chains: stale, &table)
        }
      }
    }
    return forwards
  }

  package func destination(of port: HostPort) throws(CNIError) -> Endpoint? {
    try transport.change(IPTable(.nat, port.family)) { (table) throws(CNIError) in
      for entry in try table.rules(of: PortRules.entries) ?? [] {
        guard let chain = entry.jump, entry.rule?.isEntry(of: port) ?? false else { continue }
        for rule in try table.rules(of: chain) ?? [] {
          if let forward = rule.rule?.forward, forward.hostPort == port { return forward.destination }
        }
      }
      return nil
    }
  }

  package func probe() throws(CNIError) {
    do throws(CNIError) {
      for family in AddressFamily.allCases {
        _ = try transport.change(IPTable(.nat, family)) { (table) throws(CNIError) in
          try table.rules(of: "PREROUTING")
        }
      }
    } catch {
      throw CNIError(.notAvailable, error.message)
    }
  }
}

// MARK: - Steps

extension IPTablesPorts {
  private func portRules(_ wanted: OwnedRules, _ family: AddressFamily) throws(CNIError) -> PortRules {
    do {
      return try PortRules(wanted, family, settings)
    } catch {
      let field = family == .ip ? "conditionsV4" : "conditionsV6"
      throw CNIError(.invalidConfiguration, "\(field): \(error)")
    }
  }

  /// Not looked at by CHECK: the peer has no such rules, and what it has added is to pass.
  private func guardLocalhost(_ table: inout TableEdit) throws(CNIError) {
    for rule in PortRules.guards { try table.ensure(rule, in: "INPUT", atStart: true) }
  }

  /// What an attachment has in a table: the rules of its chain, nil if it has none, and those that jump to it.
  private struct Present {
    let rules: [PlacedRule]?
    let entries: [PlacedRule]
  }

  /// The same without what it was read from, which may be large.
  private struct Former {
    let rules: [IPTablesRule]?
    let entries: [IPTablesRule]

    init(_ present: Present) {
      rules = present.rules?.compactMap(\.rule)
      entries = present.entries.compactMap(\.rule)
    }
  }

  private static func present(_ chain: String, _ table: inout TableEdit) throws(CNIError) -> Present {
    try table.look(at: [chain, PortRules.entries, "PREROUTING", "OUTPUT"])
    // Only if the attachment has a chain can it have entries, of which there may be thousands to look at.
    guard let rules = try table.rules(of: chain) else { return Present(rules: nil, entries: []) }
    return Present(rules: rules, entries: try entries(to: chain, in: PortRules.entries, &table))
  }

  /// Collects what is missing of the rules.
  private func write(_ rules: PortRules, over present: Present, _ table: inout TableEdit) throws(CNIError) {
    var wanted = rules
    if rules.masqueradesAny { wanted = try prepareMasquerading(rules, &table) }
    try table.ensureChain(PortRules.entries)
    for hook in ["PREROUTING", "OUTPUT"] { try table.ensure(PortRules.jumpToEntries, in: hook) }
    try Self.replace(present, with: wanted.chainRules, rules.entries, in: PortRules.chain(rules.owner), &table)
  }

  private static func replace(
    _ present: Present, with rules: [IPTablesRule], _ entries: [IPTablesRule], in chain: String,
    _ table: inout TableEdit
  ) throws(CNIError) {
    try table.fill(chain, with: rules)
    // Their order among themselves decides nothing.
    if present.entries.count == entries.count, Set(present.entries.map(\.rule)) == Set(entries) { return }
    for entry in present.entries { table.remove(entry, from: PortRules.entries) }
    for entry in entries.reversed() { table.prepend(entry, to: PortRules.entries) }
  }

  /// Collects what makes an attachment have again what it had.
  private static func putBack(_ former: Former, of owner: Owner, _ table: inout TableEdit) throws(CNIError) {
    let chain = PortRules.chain(owner)
    if let rules = former.rules {
      try table.ensureChain(PortRules.entries)
      try replace(try present(chain, &table), with: rules, former.entries, in: chain, &table)
    } else {
      _ = try remove(owner, &table)
    }
  }

  /// Collects what masquerading needs, and answers the rules with the chain that marks: ours, if the other is missing.
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

  private static func remove(_ owner: Owner, _ table: inout TableEdit) throws(CNIError) -> [PortForward] {
    let current = PortRules.chain(owner, prefix: "CNI-DN-")
    let former = PortRules.chain(owner, prefix: "CNI-SN-")
    try table.look(at: [current, former])
    var chains: [String] = []
    for (chain, entries) in [(current, PortRules.entries), (former, PortRules.formerEntries)] {
      guard try table.has(chain) else { continue }
      for entry in try Self.entries(to: chain, in: entries, &table) { table.remove(entry, from: entries) }
      chains.append(chain)
    }
    return try remove(chains: chains, &table)
  }

  /// The rules that jump to a container's chain. The last added come first, and who is deleted soon is found soon: all that use
  /// the chain are its own rules, and these.
  private static func entries(
    to chain: String, in entries: String, _ table: inout TableEdit
  ) throws(CNIError) -> [PlacedRule] {
    let count = try table.uses(of: chain) - (table.rules(of: chain) ?? []).count
    var found: [PlacedRule] = []
    if count <= 0 { return [] }
    _ = try table.rules(of: entries, holding: [Array(chain.utf8)]) { entry in
      if entry.jump == chain { found.append(entry) }
      return found.count == count
    }
    return found
  }

  private static func remove(chains: [String], _ table: inout TableEdit) throws(CNIError) -> [PortForward] {
    var forwards: [PortForward] = []
    for chain in chains {
      forwards += try table.rules(of: chain, holding: nil).compactMap { $0.rule?.forward }
      table.removeChain(chain)
    }
    return forwards
  }

  /// Throws code 100 if another attachment has one of the ports.
  private func requireFree(
    _ rules: PortRules, _ wanted: OwnedRules, _ table: inout TableEdit
  ) throws(CNIError) {
    let own = PortRules.chain(rules.owner)
    for entry in try table.rules(of: PortRules.entries) ?? [] {
      guard let chain = entry.jump, chain != own, let rule = entry.rule else { continue }
      for case .forwardPort(let forward) in wanted.rules
      where forward.hostPort.family == rules.family && rule.isEntry(of: forward.hostPort) {
        let others = (try table.rules(of: chain) ?? []).compactMap { $0.rule?.forward?.hostPort }
        guard others.contains(forward.hostPort) else { continue }
        let owner = rule.comment.map { " (\($0))" } ?? ""
        throw CNIError(.hostPortConflict, "\(forward.hostPort) is another container's\(owner)")
      }
    }
  }
}
