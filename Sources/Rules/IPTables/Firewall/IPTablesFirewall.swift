// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI
import Rules

/// Accepts and isolation in the tables of iptables, in the form and under the names that the peer's plugin has.
package struct IPTablesFirewall: RulesBackend {
  private let settings: IPTablesSettings
  /// Where rules are written: each place where packets that are forwarded can be dropped.
  private let transports: [any IPTablesTransport]
  /// Where rules may stand that were written before the host, or the configuration, changed.
  private let places: [any IPTablesTransport]

  package init(
    _ settings: IPTablesSettings, transports: [any IPTablesTransport], places: [any IPTablesTransport]
  ) {
    self.settings = settings
    self.transports = transports
    self.places = places
  }

  package func apply(
    _ wanted: OwnedRules, onConflict: ConflictPolicy, then completion: () throws(CNIError) -> Void
  ) throws(CNIError) -> [Takeover] {
    var changed: [(transport: any IPTablesTransport, former: FormerRules)] = []
    do throws(CNIError) {
      for transport in transports {
        for family in AddressFamily.allCases {
          let table = IPTable(.filter, family)
          let rules = FirewallRules(wanted, family)
          if rules.isEmpty, !transport.mayHold(table) { continue }
          let former = try transport.change(table) { (edit) throws(CNIError) in
            try edit.replace(with: rules, adminChain: settings.adminChain)
          }
          changed.append((transport, former))
        }
      }
      try completion()
      return []
    } catch {
      // The first error is the one to tell.
      for (transport, former) in changed.reversed() {
        try? transport.change(IPTable(.filter, former.rules.family)) { (edit) throws(CNIError) in
          try edit.putBack(former, adminChain: settings.adminChain)
        }
      }
      throw error
    }
  }

  package func verify(_ wanted: OwnedRules) throws(CNIError) -> [String] {
    var problems: [String] = []
    for transport in transports {
      for family in AddressFamily.allCases {
        let rules = FirewallRules(wanted, family)
        if rules.isEmpty { continue }
        let table = IPTable(.filter, family)
        problems += try transport.change(table) { (edit) throws(CNIError) in
          try edit.write(rules, adminChain: settings.adminChain, isCheck: true)
          return edit.discard().map { "\(table): \($0)" }
        }
      }
    }
    return problems
  }

  package func remove(_ owner: Owner, hint: [Rule], ports: [HostPort]) throws(CNIError) -> [PortForward] {
    let tag = OwnerTag(owner)
    let bridges = hint.isolations.map(\.bridge)
    try atAllPlaces { (edit, family) throws(CNIError) in
      let addresses = hint.accepts.map(\.address).filter { $0.family == family }
      try edit.remove(tag, addresses: addresses, bridges: bridges)
    }
    return []
  }

  package func removeAll(
    ofNetwork network: String, sparing valid: Set<Attachment>
  ) throws(CNIError) -> [PortForward] {
    let spared = OwnerTag.all(valid, ofNetwork: network)
    try atAllPlaces { (edit, _) throws(CNIError) in
      try edit.removeAll(ofNetwork: network, sparing: spared)
    }
    return []
  }

  private func atAllPlaces(
    _ body: (inout TableEdit, AddressFamily) throws(CNIError) -> Void
  ) throws(CNIError) {
    for place in places {
      for family in AddressFamily.allCases where place.mayHold(IPTable(.filter, family)) {
        try place.change(IPTable(.filter, family)) { (edit) throws(CNIError) in try body(&edit, family) }
      }
    }
  }

  package func probe() throws(CNIError) {
    do throws(CNIError) {
      for transport in transports {
        for family in AddressFamily.allCases where family == .ip || transport.hasTables(family) {
          try transport.rehearse(IPTable(.filter, family)) { (edit) throws(CNIError) in
            _ = try edit.rules(of: "FORWARD")
          }
        }
      }
    } catch {
      throw CNIError(.notAvailable, error.message)
    }
  }
}
