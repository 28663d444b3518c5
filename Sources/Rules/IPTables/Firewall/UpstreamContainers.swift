// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI
import Rules

/// Finds out whether containers that upstream's plugin has added rely on the isolation of a bridge, which upstream never removes.
final class UpstreamContainers {
  private let record: any FirewallRecord
  /// The accepted addresses that no record explains. They are found once for all attempts at a change: a look through thousands
  /// of accepts takes so long that the ruleset has changed by then.
  private var found: [(table: IPTable, addresses: [IPAddress])] = []

  init(_ record: any FirewallRecord) { self.record = record }

  /// Whether the bridge has a port that is recorded for no attachment, and there is an accept of an address that is recorded for
  /// no attachment with an existing port. Addresses and ports that are about to leave the record do not count.
  func mayBeThere(
    on bridge: String, _ table: IPTable, _ edit: TableEdit, besides released: [IPAddress], _ ports: [String]
  ) throws(CNIError) -> Bool {
    if try record.unrecordedPorts(on: bridge).allSatisfy({ ports.contains($0) }) { return false }
    return try unexplainedAccepts(table, edit).contains { !released.contains($0) }
  }

  private func unexplainedAccepts(_ table: IPTable, _ edit: TableEdit) throws(CNIError) -> [IPAddress] {
    if let known = found.first(where: { $0.table == table }) { return known.addresses }
    let rules = try edit.rules(of: FirewallRules.forwarding, holding: nil)
    let accepted = rules.compactMap { placed -> IPAddress? in
      guard let rule = placed.rule, rule.target == .accept else { return nil }
      return rule.source?.value.address
    }
    let addresses = try record.unexplained(accepted)
    found.append((table, addresses))
    return addresses
  }
}
