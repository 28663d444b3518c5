// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI
import Rules

/// The gate: in FORWARD of each variant on the host a constant rule accepts the packets that our own table has accepted and
/// marked, so that a chain of iptables that starts to drop packets later does not cut containers off.
package struct IPTablesForwardGate: ForwardGate {
  private let transports: [any IPTablesTransport]
  private let adminChain: String
  private let bit: Int
  private let note: (String) -> Void

  package init(
    _ transports: [any IPTablesTransport], adminChain: String, bit: Int, note: @escaping (String) -> Void
  ) {
    self.transports = transports
    self.adminChain = adminChain
    self.bit = bit
    self.note = note
  }

  package func open(for families: [AddressFamily]) throws(CNIError) {
    for transport in transports {
      for family in families {
        let table = IPTable(.filter, family)
        do throws(CNIError) {
          try transport.change(table) { (edit) throws(CNIError) in try write(&edit) }
        } catch {
          // A table that does not exist, and that the kernel cannot make, drops nothing.
          if transport.mayHold(table) { throw error }
          note("\(error.message)")
        }
      }
    }
  }

  package func problems(for families: [AddressFamily]) throws(CNIError) -> [String] {
    var problems: [String] = []
    for transport in transports {
      for family in families where transport.mayHold(IPTable(.filter, family)) {
        let table = IPTable(.filter, family)
        problems += try transport.look(table) { (edit) throws(CNIError) in
          try write(&edit)
          return edit.discard().map { "\(table): \($0)" }
        }
      }
    }
    return problems
  }

  package func closedTables(for families: [AddressFamily]) throws(CNIError) -> [String] {
    var closed: [String] = []
    for transport in transports {
      for family in families where transport.mayHold(IPTable(.filter, family)) {
        let table = IPTable(.filter, family)
        let isClosed = try transport.look(table) { (edit) throws(CNIError) in
          try write(&edit)
          return edit.discard().isEmpty ? false : try edit.canDropForwarded()
        }
        if isClosed { closed.append("\(table)") }
      }
    }
    return closed
  }

  private func write(_ edit: inout TableEdit) throws(CNIError) {
    try edit.lookAtFirewallChains(adminChain: adminChain)
    let rule = FirewallRules.acceptMarked(bit: bit)
    let isThere = try edit.has(rule, in: FirewallRules.forwarding)
    try edit.writeForwarding(adminChain: adminChain, isIsolating: false, adding: isThere ? [] : [rule])
  }
}

extension TableEdit {
  /// Whether FORWARD can drop packets; the chains of CNI plugins are left out, because they drop only what they are meant to.
  mutating func canDropForwarded() throws(CNIError) -> Bool {
    try canDrop(in: "FORWARD") { $0 == FirewallRules.forwarding || $0 == FirewallRules.stage1 }
  }
}
