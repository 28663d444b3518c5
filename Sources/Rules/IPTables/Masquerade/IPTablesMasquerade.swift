// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI
import Rules

/// Masquerades by upstream's rules in the tables of iptables.
package struct IPTablesMasquerade: Masquerader {
  /// Where rules are written.
  let transport: any IPTablesTransport
  /// Where rules may stand that were written before the host, or the configuration, changed.
  let places: [any IPTablesTransport]
  private let note: (String) -> Void

  init(
    _ transport: any IPTablesTransport, places: [any IPTablesTransport], note: @escaping (String) -> Void
  ) {
    self.transport = transport
    self.places = places
    self.note = note
  }

  package func apply(_ request: MasqueradeRequest) throws(CNIError) -> AppliedChange {
    var added: [Prefix] = []
    try allOrNothing { (rollback) throws(CNIError) in
      let families = AddressFamily.allCases.filter { family in request.sources.contains { $0.family == family } }
      for batch in transport.batches(families.map { IPTable(.nat, $0) }) {
        let new = try transport.change(batch) { (table) throws(CNIError) in
          try table.addMasquerade(request.sources(table.table.family), table.rules(request.attachment))
        }.flatMap { $0 }
        if new.isEmpty { continue }
        rollback.add { () throws(CNIError) in try remove(new, of: request.attachment, in: transport) }
        added += new
      }
    }
    let all = added
    if all.isEmpty { return AppliedChange {} }
    return AppliedChange { () throws(CNIError) in try remove(all, of: request.attachment, in: transport) }
  }

  package func verify(_ request: MasqueradeRequest) throws(CNIError) -> [String] {
    var problems: [String] = []
    for family in AddressFamily.allCases {
      let sources = request.sources(family)
      if sources.isEmpty { continue }
      let table = IPTable(.nat, family)
      problems += try transport.look(table) { (edit) throws(CNIError) in
        _ = try edit.addMasquerade(sources, edit.rules(request.attachment))
        return edit.discard().map { "\(table): \($0)" }
      }
    }
    return problems
  }

  package func remove(_ hint: MasqueradeHint) throws(CNIError) {
    var failures = ErrorCollector()
    for place in places {
      failures.run { () throws(CNIError) in try remove(hint.sources, of: hint.attachment, in: place) }
    }
    try failures.throwIfAny()
  }

  /// Removes what some addresses of an attachment have, or without addresses all; looks for the chain by its name only, unless it is there.
  private func remove(
    _ sources: [Prefix], of owner: Attachment, in place: any IPTablesTransport
  ) throws(CNIError) {
    let chain = MasqueradeRules.chain(of: owner)
    let tables = AddressFamily.allCases.map { IPTable(.nat, $0) }.filter { place.mayHold($0, anyOf: [chain]) }
    for batch in place.batches(tables) {
      _ = try place.change(batch) { (table) throws(CNIError) in
        try table.removeMasquerade(of: sources.isEmpty ? nil : sources, table.rules(owner))
      }
    }
  }

  package func removeAll(ofNetwork network: String, sparing valid: Set<AttachmentID>) throws(CNIError) {
    let prefix = MasqueradeRules.commentPrefix(ofNetwork: network)
    guard prefix.hasSuffix("\" id: \"") else {
      note("iptables: the network's name is too long to tell its rules from others': none are collected")
      return
    }
    let spared = valid.map { MasqueradeRules.chain(of: $0.attachment(to: network)) }
    var failures = ErrorCollector()
    for place in places {
      for family in AddressFamily.allCases where place.mayHold(IPTable(.nat, family), anyOf: [prefix]) {
        failures.run { () throws(CNIError) in
          while try !removeStale(place, IPTable(.nat, family), commented: prefix, sparing: spared) {}
        }
      }
    }
    try failures.throwIfAny()
  }

  /// Removes the rules of some containers that are not spared; returns whether these were all.
  private func removeStale(
    _ place: any IPTablesTransport, _ table: IPTable, commented prefix: String, sparing spared: [String]
  ) throws(CNIError) -> Bool {
    // To find them out takes longer than others leave the ruleset alone, and so does the removal of too many.
    var found: [String]?
    return try place.change(table) { (edit) throws(CNIError) in
      let stale: [String]
      if let found {
        stale = found
      } else {
        stale = try edit.staleMasqueradeChains(commented: prefix, sparing: spared, limit: Self.removalLimit)
        found = stale
      }
      // Read once, it is not looked through by the kernel for each of the chains.
      if !stale.isEmpty { _ = try edit.rules(of: MasqueradeRules.entries) }
      for chain in stale { try edit.removeMasquerade(in: chain, commented: prefix) }
      return stale.count < Self.removalLimit
    }
  }

  /// How many chains a GC removes by one change.
  private static let removalLimit = 50

  package func probe() throws(CNIError) {
    for family in AddressFamily.allCases {
      // Containers without IPv6 can be added all the same.
      if family == .ip6, !transport.hasTables(.ip6) { continue }
      let owner = Attachment(network: "", containerID: "", interface: "eth0")
      do throws(CNIError) {
        try transport.rehearse(IPTable(.nat, family)) { (table) throws(CNIError) in
          _ = try table.addMasquerade([Prefix(host: Prefix.all(family).address)], table.rules(owner))
        }
      } catch {
        throw CNIError(.notAvailable, error.message)
      }
    }
  }
}

extension MasqueradeRequest {
  fileprivate func sources(_ family: AddressFamily) -> [Prefix] { sources.filter { $0.family == family } }
}

extension TableEdit {
  fileprivate func rules(_ owner: Attachment) -> MasqueradeRules { MasqueradeRules(of: owner, table.family) }
}
