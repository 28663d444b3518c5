// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI
import Rules

/// Port forwards in the tables of iptables, with upstream's rules and names.
package struct IPTablesPorts: PortForwarder {
  let settings: IPTablesSettings
  /// The variant that rules are written to.
  let transport: any IPTablesTransport
  /// All variants: rules may be left from before a change of the host or the configuration.
  let places: [any IPTablesTransport]
  let note: (String) -> Void
  let reached = ReachedContainers()
  package let looksForAttachmentsSlowly = true

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
    _ request: PortForwardingRequest, onConflict: ConflictPolicy
  ) throws(CNIError) -> AppliedChange {
    // An error in the configuration must be found before anything is changed.
    var wanted: [PortRules] = []
    for family in AddressFamily.allCases {
      let rules = try portRules(request, family)
      if !rules.isEmpty || transport.mayHold(rules.table) { wanted.append(rules) }
    }
    if onConflict == .error {
      // All tables are checked before one is written, so that a refused attachment keeps its rules.
      for rules in wanted where !rules.isEmpty {
        try transport.look(rules.table) { (table) throws(CNIError) in try requireFree(rules, &table) }
      }
    }
    var changed: [FormerPorts] = []
    try allOrNothing { (rollback) throws(CNIError) in
      for batch in transport.batches(wanted.map(\.table)) {
        let former = try transport.change(batch) { (table) throws(CNIError) -> FormerPorts? in
          guard let rules = wanted.first(where: { $0.table == table.table }) else { return nil }
          // Checked again, because only now no other program can change the table meanwhile.
          if onConflict == .error { try requireFree(rules, &table) }
          let present = try table.ports(of: rules.attachment)
          if rules.isEmpty { _ = try table.remove(present) } else { try write(rules, over: present, &table) }
          return try FormerPorts(present, of: rules.attachment, table)
        }.compactMap { $0 }
        rollback.add { () throws(CNIError) in try putBack(former) }
        changed += former
      }
    }
    return AppliedChange { () throws(CNIError) in try putBack(changed) }
  }

  /// Restores the rules that an attachment had in some tables.
  private func putBack(_ former: [FormerPorts]) throws(CNIError) {
    for batch in transport.batches(former.map(\.table)) {
      _ = try transport.change(batch) { (table) throws(CNIError) in
        for ports in former where ports.table == table.table { try table.putBack(ports) }
      }
    }
  }

  package func verify(_ wanted: PortForwardingRequest) throws(CNIError) -> [String] {
    var problems: [String] = []
    for family in AddressFamily.allCases {
      let rules = try portRules(wanted, family)
      if rules.isEmpty { continue }
      let table = IPTable(.nat, family)
      problems += try transport.look(table) { (edit) throws(CNIError) in
        let present = try edit.ports(of: rules.attachment)
        try write(rules, over: present, isCheck: true, &edit)
        let missing = edit.discard().map { "\(table): \($0)" }
        return missing + (try takeovers(of: rules, present, &edit))
      }
    }
    return problems
  }

  package func remove(_ hint: PortForwardingRequest, ports: [HostPort]) throws(CNIError) -> [PortForward] {
    let attachment = PortAttachment(hint, ports: ports)
    // The most likely name is first, which halves the time of the search.
    let chains = [attachment.sharedChain, attachment.ownChain, PortRules.formerChain(attachment.owner)]
    var forwards: [PortForward] = []
    for place in places {
      for family in AddressFamily.allCases where place.mayHold(IPTable(.nat, family), anyOf: chains) {
        var other: IPAddress?
        forwards += try place.change(IPTable(.nat, family)) { (table) throws(CNIError) in
          let present = try table.ports(of: attachment)
          other = present.chains.isEmpty ? nil : try table.firstReachedFromLocalhost(besides: present)
          return try table.remove(present) + table.removeFormerChain(of: attachment, present)
        }
        if let other { reached.addresses.append(other) }
      }
    }
    return forwards
  }

  package func removeAll(
    ofNetwork network: String, sparing valid: Set<AttachmentID>
  ) throws(CNIError) -> [PortForward] {
    guard let prefix = PortRules.commentPrefix(network: network) else {
      note("iptables: the network's name is too long to tell its rules from others': none are collected")
      return []
    }
    let owners = valid.map { $0.attachment(to: network) }
    var forwards: [PortForward] = []
    for place in places {
      for family in AddressFamily.allCases where place.mayHold(IPTable(.nat, family), anyOf: [prefix]) {
        let table = IPTable(.nat, family)
        while true {
          let (removed, isAll) = try removeStale(place, table, commented: prefix, sparing: owners)
          forwards += removed
          if isAll { break }
        }
      }
    }
    return forwards
  }

  /// Removes the rules of stale attachments, of a limited number; returns their forwards, and whether these were all.
  private func removeStale(
    _ place: any IPTablesTransport, _ table: IPTable, commented prefix: String, sparing owners: [Attachment]
  ) throws(CNIError) -> (removed: [PortForward], isAll: Bool) {
    // Stale entries are found once for all attempts, and few are removed at once, because both take so long that the ruleset has
    // changed by then.
    let found = FoundRules(in: place)
    var spared: Set<String> = []
    return try place.change(table) { (edit) throws(CNIError) in
      let stale = try found.rules(table) { () throws(CNIError) in
        spared = try edit.portChains(of: owners)
        return try edit.staleEntries(commented: prefix, sparing: spared, limit: Self.removalLimit)
      }
      return (try edit.removePorts(commented: prefix, sparing: spared, among: stale), stale.count < Self.removalLimit)
    }
  }

  /// The number of chains that GC removes by one change.
  private static let removalLimit = 50

  package func probe() throws(CNIError) {
    for family in AddressFamily.allCases {
      // An error in the configuration is reported as such, and not as a lack of the kernel.
      let rules = try portRules(.sample(family), family)
      // Without IPv6 in the kernel IPv4 ports can still be published.
      if family == .ip6, !transport.hasTables(.ip6) { continue }
      do throws(CNIError) {
        try transport.rehearse(IPTable(.nat, family)) { (table) throws(CNIError) in
          try write(rules, over: table.ports(of: rules.attachment), &table)
        }
        if rules.opensLocalhost {
          try transport.rehearse(PortRules.guardTable) { (table) throws(CNIError) in
            for rule in PortRules.guards(of: "lo") { try table.ensure(rule, in: "INPUT", atStart: true) }
          }
        }
      } catch {
        throw CNIError(.notAvailable, error.message)
      }
    }
  }
}

extension PortForwardingRequest {
  /// A forward of each kind that a container may have.
  fileprivate static func sample(_ family: AddressFamily) -> PortForwardingRequest {
    let container = Prefix(host: family == .ip ? Prefix.loopback4.address : .loopback6)
    let forwards = [TransportProtocol.tcp, .udp].map { transport in
      PortForward(
        port: 1, on: container.address, to: Endpoint(address: container.address, transport: transport, port: 1),
        if: nil,
        masquerading: [container])
    }
    return PortForwardingRequest(Attachment(network: "", containerID: "", interface: "eth0"), forwards)
  }
}
