// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI
import Netlink
import OwnTable
import Rules

/// The records of attachments in our own table, which rules in tables of iptables follow.
package protocol FirewallRecord: AttachmentRecorder {
  /// Like `apply`, with the rules of a companion.
  func apply(_ request: ForwardFilterRequest, joining: (any BatchCompanion)?) throws(CNIError) -> AppliedChange
  /// Like `remove`, with the rules of a companion. Throws `notAvailable` where the kernel has no nf_tables.
  func remove(_ hint: ForwardFilterRequest, joining: any BatchCompanion) throws(CNIError)
  /// Whether any attachment is recorded with an accept of the address.
  func isAccepted(_ address: IPAddress) throws(CNIError) -> Bool
  /// The addresses for which no attachment is recorded whose bridge port still exists.
  func unexplained(_ addresses: [IPAddress]) throws(CNIError) -> [IPAddress]
  /// Whether any attachment is recorded with an isolation of the bridge.
  func isIsolated(_ bridge: String) throws(CNIError) -> Bool
  /// The ports of a bridge that belong to no recorded attachment.
  func unrecordedPorts(on bridge: String) throws(CNIError) -> [String]
}

extension NFTablesFirewall: FirewallRecord {}

/// The tables of both variants, and the variants that ADD writes to.
package struct FirewallStores {
  /// Nil only in tests of the legacy variant alone.
  let nft: NFTCompatTransport?
  let legacy: any IPTablesTransport
  let writesNFT: Bool
  let writesLegacy: Bool

  package init(nft: NFTCompatTransport?, legacy: any IPTablesTransport, writing variants: [IPTablesSettings.Variant]) {
    self.nft = nft
    self.legacy = legacy
    writesNFT = variants.contains(.nft)
    writesLegacy = variants.contains(.legacy)
  }

  var all: [any IPTablesTransport] { (nft.map { [$0] } ?? []) + [legacy] }

  /// The tables that ADD writes to.
  var written: [any IPTablesTransport] {
    (writesNFT ? nft.map { [$0] } ?? [] : []) + (writesLegacy ? [legacy] : [])
  }
}

/// Accepts and isolation in the tables of iptables, with upstream's rules and names. Our own table records their owners; on a
/// kernel without nf_tables there are no records, and accepts are removed by the addresses of the result, as by upstream.
package struct IPTablesFirewall: RemovingForwardFilter {
  private let settings: IPTablesSettings
  private let stores: FirewallStores
  private let record: any FirewallRecord

  package init(_ settings: IPTablesSettings, _ stores: FirewallStores, record: any FirewallRecord) {
    self.settings = settings
    self.stores = stores
    self.record = record
  }

  private var companion: FirewallCompanion {
    FirewallCompanion(stores, adminChain: settings.adminChain, record)
  }

  package func apply(_ request: ForwardFilterRequest) throws(CNIError) -> AppliedChange {
    var request = request
    request.usesLegacyTables = stores.writesLegacy
    do throws(CNIError) {
      return try record.apply(request, joining: companion)
    } catch {
      guard error.code == .notAvailable, request.needsOnlyIPTables else { throw error }
      let unrecorded = UnrecordedFirewall(stores.legacy, adminChain: settings.adminChain)
      try unrecorded.add(request)
      return AppliedChange { () throws(CNIError) in try unrecorded.undo() }
    }
  }

  package func verify(_ wanted: ForwardFilterRequest) throws(CNIError) -> [String] {
    var problems: [String] = []
    var isRecorded = false
    do throws(CNIError) {
      isRecorded = try record.hasRules(of: wanted.attachment)
      // A container that upstream's plugin has added has no record; one with options that upstream lacks must have one.
      if isRecorded || !wanted.needsOnlyIPTables {
        var recorded = wanted
        recorded.usesLegacyTables = stores.writesLegacy
        problems = try record.verify(recorded)
      }
    } catch {
      guard error.code == .notAvailable, wanted.needsOnlyIPTables else { throw error }
    }
    for transport in stores.written {
      for family in AddressFamily.allCases {
        problems += try verify(wanted, IPTable(.filter, family), transport, isRecorded: isRecorded)
      }
    }
    return problems
  }

  private func verify(
    _ wanted: ForwardFilterRequest, _ table: IPTable, _ transport: any IPTablesTransport, isRecorded: Bool
  ) throws(CNIError) -> [String] {
    let addresses = wanted.addresses(table.family)
    let isolation = wanted.isolations.first
    // Former versions isolated only the families of the container's addresses.
    if addresses.isEmpty, isolation == nil || !isRecorded || !transport.hasTables(table.family) { return [] }
    return try transport.look(table) { (edit) throws(CNIError) in
      try edit.lookAtFirewallChains(adminChain: settings.adminChain)
      let present = try edit.accepts(of: addresses, all: false)
      try edit.writeForwarding(
        adminChain: settings.adminChain, isIsolating: isolation != nil,
        adding: FirewallRules.missingAccepts(of: addresses, present: present))
      if let isolation { try edit.isolate(isolation, isCheck: true, exceptsPublishedPorts: isRecorded) }
      return edit.discard().map { "\(table): \($0)" }
    }
  }

  package func remove(_ hint: ForwardFilterRequest) throws(CNIError) {
    do throws(CNIError) {
      try record.remove(hint, joining: companion)
    } catch {
      guard error.code == .notAvailable else { throw error }
      try UnrecordedFirewall(stores.legacy, adminChain: settings.adminChain).remove(hint.accepts.map(\.address))
    }
  }

  package func removeAll(
    ofNetwork network: String, sparing valid: Set<AttachmentID>, first body: ([ForwardAccept]) throws(CNIError) -> Void
  ) throws(CNIError) {
    let spared = AttachmentTag.all(valid, ofNetwork: network)
    do throws(CNIError) {
      // The records, of which there may be thousands, are read once. The rules are removed before their records, so that after an
      // interrupted GC the next one completes it.
      try record.removeAll(ofNetwork: network, sparing: valid) { (accepts) throws(CNIError) in
        try body(accepts)
        for place in stores.all {
          let found = FoundRules(in: place)
          try atBothFamilies(place) { (edit, family) throws(CNIError) in
            let own = accepts.map(\.address).filter { $0.family == family }
            try self.release(own, ofNetwork: network, spared, IPTable(.filter, family), &edit, found)
          }
        }
      }
      for place in stores.all {
        let upstream = UpstreamContainers(record)
        try atBothFamilies(place) { (edit, family) throws(CNIError) in
          try self.removeUnusedIsolation(IPTable(.filter, family), &edit, upstream)
        }
      }
    } catch {
      // Without records stale rules cannot be recognized.
      guard error.code == .notAvailable else { throw error }
    }
  }

  private func release(
    _ stale: [IPAddress], ofNetwork network: String, _ spared: Set<AttachmentTag>, _ table: IPTable,
    _ edit: inout TableEdit, _ found: FoundRules
  ) throws(CNIError) {
    var addresses = stale
    for address in try edit.removeFormerMarks(ofNetwork: network, sparing: spared).addresses
    where !addresses.contains(address) {
      if try !record.isAccepted(address) { addresses.append(address) }
    }
    let accepts = try found.rules(table) { () throws(CNIError) in try edit.accepts(of: addresses, all: true) }
    for accept in accepts { edit.remove(accept, from: FirewallRules.forwarding) }
  }

  private func removeUnusedIsolation(
    _ table: IPTable, _ edit: inout TableEdit, _ upstream: UpstreamContainers
  ) throws(CNIError) {
    var unused: [Isolation] = []
    for bridge in try edit.isolatedBridges() {
      if try record.isIsolated(bridge) { continue }
      if try edit.isMarked(bridge) { continue }
      let isUsed = try upstream.mayBeThere(on: bridge, table, edit, besides: [], [])
      if !isUsed { unused.append(Isolation(bridge: bridge, .sameBridge)) }
    }
    try edit.removeIsolation(unused, keepsChains: false)
  }

  private func atBothFamilies(
    _ place: any IPTablesTransport, _ body: (inout TableEdit, AddressFamily) throws(CNIError) -> Void
  ) throws(CNIError) {
    for family in AddressFamily.allCases where place.mayHold(IPTable(.filter, family)) {
      try place.change(IPTable(.filter, family)) { (edit) throws(CNIError) in try body(&edit, family) }
    }
  }

  package func probe() throws(CNIError) {
    do throws(CNIError) {
      for transport in stores.written {
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

extension ForwardFilterRequest {
  /// Whether tables of iptables can hold all of the request.
  fileprivate var needsOnlyIPTables: Bool { restrictions.isEmpty && untracked.isEmpty && acceptMarkBit == nil }
}
