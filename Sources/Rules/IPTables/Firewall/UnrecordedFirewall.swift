// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI
import Rules

/// The rules on a kernel without nf_tables, where no owners are recorded: as with upstream's plugin, accepts are removed by the
/// addresses of the result, and the isolation of a bridge is never removed.
final class UnrecordedFirewall {
  private let transport: any IPTablesTransport
  private let adminChain: String
  /// The addresses whose accepts an ADD has added.
  private var added: [IPAddress] = []

  init(_ transport: any IPTablesTransport, adminChain: String) {
    self.transport = transport
    self.adminChain = adminChain
  }

  func add(_ wanted: ForwardFilterRequest) throws(CNIError) {
    let isolation = wanted.isolations.first
    do throws(CNIError) {
      for family in AddressFamily.allCases {
        let table = IPTable(.filter, family)
        let addresses = wanted.addresses(family)
        if addresses.isEmpty, isolation == nil || !transport.hasTables(family) { continue }
        added += try transport.change(table) { (edit) throws(CNIError) in
          let present = try edit.accepts(of: addresses, all: false)
          try edit.writeForwarding(
            adminChain: adminChain, isIsolating: isolation != nil,
            adding: FirewallRules.missingAccepts(of: addresses, present: present))
          if let isolation { try edit.isolate(isolation) }
          return addresses.filter { address in
            !present.contains { $0.rule?.source?.value.address == address }
          }
        }
      }
    } catch {
      try? undo()
      throw error
    }
  }

  func undo() throws(CNIError) { try remove(added) }

  func remove(_ addresses: [IPAddress]) throws(CNIError) {
    for family in AddressFamily.allCases {
      let own = addresses.filter { $0.family == family }
      let table = IPTable(.filter, family)
      if own.isEmpty || !transport.mayHold(table) { continue }
      try transport.change(table) { (edit) throws(CNIError) in
        for accept in try edit.accepts(of: own, all: true) { edit.remove(accept, from: FirewallRules.forwarding) }
      }
    }
  }
}
