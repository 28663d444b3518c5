// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI
import NFTables
import OwnTable
import Netlink
import Rules

/// Makes the rules in tables of iptables follow the record in our own table.
final class FirewallCompanion: BatchCompanion {
  private let stores: FirewallStores
  private let adminChain: String
  private let record: any FirewallRecord
  private var foundInNFT = FoundRules(isKept: true)
  private var upstreamInNFT: UpstreamContainers
  /// The addresses whose accepts were there before an ADD: upstream has added them, and they stay when the ADD is undone.
  private var adopted: [IPAddress] = []

  init(_ stores: FirewallStores, adminChain: String, _ record: any FirewallRecord) {
    self.stores = stores
    self.adminChain = adminChain
    self.record = record
    upstreamInNFT = UpstreamContainers(record)
  }

  var tables: [Table] {
    stores.nft == nil ? [] : AddressFamily.allCases.map { IPTable(.filter, $0).nftables }
  }

  func messages(for change: RecordChange) throws(NetlinkError) -> Result<[NetlinkMessage], CNIError> {
    var list: [NetlinkMessage] = []
    // DEL changes both variants, as rules may be left from before a change of the host or the configuration.
    if let nft = stores.nft, change.kind == .remove || stores.writesNFT {
      let attempt = CompatAttempt(nft.socket)
      do throws(CNIError) {
        var edits: [TableEdit] = []
        for family in AddressFamily.allCases {
          let table = IPTable(.filter, family)
          // An ADD makes the table.
          if change.kind == .remove, change.missingTables.contains(table.nftables) { continue }
          var edit = TableEdit(table, attempt.reader(of: table))
          try follow(change, table, &edit, remembers: true)
          edits.append(edit)
        }
        list += try attempt.messages(&edits)
      } catch {
        if let failure = attempt.failure, failure.isTransient { throw failure }
        return .failure(error)
      }
    }
    if change.kind == .remove, change.usesLegacyTables || !change.wasRecorded {
      do throws(CNIError) {
        for family in AddressFamily.allCases where stores.legacy.mayHold(IPTable(.filter, family)) {
          try followInLegacy(change, family)
        }
      } catch {
        return .failure(error)
      }
    }
    return .success(list)
  }

  func batchFailed(_ error: NetlinkError) {
    // ENOENT means that a rule to be removed is gone, so the rules must be searched again.
    if error.number == NetlinkError.noEntry { foundInNFT = FoundRules(isKept: true) }
  }

  func recordChanged(_ change: RecordChange) throws(CNIError) {
    // The rules have changed, so what was found before is outdated.
    foundInNFT = FoundRules(isKept: true)
    upstreamInNFT = UpstreamContainers(record)
    guard stores.writesLegacy else { return }
    for family in AddressFamily.allCases {
      let isClaimed = change.claimed.contains { $0.family == family }
      // A host may lack IPv6; otherwise isolation holds in both families, whatever addresses the container has.
      guard isClaimed || stores.legacy.hasTables(family) else { continue }
      guard isClaimed || change.isolation != nil || stores.legacy.mayHold(IPTable(.filter, family)) else { continue }
      try followInLegacy(change, family)
    }
  }

  private func followInLegacy(_ change: RecordChange, _ family: AddressFamily) throws(CNIError) {
    let table = IPTable(.filter, family)
    try stores.legacy.change(table) { (edit) throws(CNIError) in
      try self.follow(change, table, &edit, remembers: false)
    }
  }

  /// Collects the changes of a table. With `remembers`, for nf_tables, rules that take long to find are kept for other attempts;
  /// a legacy table is read as a whole each time, and its rules have other handles then.
  private func follow(
    _ change: RecordChange, _ table: IPTable, _ edit: inout TableEdit, remembers: Bool
  ) throws(CNIError) {
    let family = table.family
    try edit.lookAtFirewallChains(adminChain: adminChain)
    let claimed = change.claimed.filter { $0.family == family }
    var released = change.released.filter { $0.family == family }
    if change.kind == .undo { released.removeAll { adopted.contains($0) } }
    var freed = change.freed

    let former = try edit.removeFormerMarks(of: AttachmentTag(change.owner))
    for address in former.addresses where !claimed.contains(address) && !released.contains(address) {
      if try !record.isAccepted(address) { released.append(address) }
    }
    for bridge in former.bridges where change.isolation?.bridge != bridge {
      if freed.contains(where: { $0.bridge == bridge }) { continue }
      if try !record.isIsolated(bridge) { freed.append(Isolation(bridge: bridge, .sameBridge)) }
    }

    // Of the accepts of released addresses every copy is removed, whoever added it.
    let found = remembers ? foundInNFT : FoundRules(isKept: false)
    let present = try found.rules(table) { () throws(CNIError) in
      try edit.accepts(of: claimed + released, all: !released.isEmpty)
    }
    if !claimed.isEmpty || change.isolation != nil {
      let missing = FirewallRules.missingAccepts(of: claimed, present: present)
      try edit.writeForwarding(adminChain: adminChain, isIsolating: change.isolation != nil, adding: missing)
    }
    if change.kind == .add {
      for address in claimed where !adopted.contains(address) {
        if present.contains(where: { $0.rule?.source?.value.address == address }) { adopted.append(address) }
      }
    }
    let unwanted = released.flatMap(FirewallRules.accepts)
    for accept in present where unwanted.contains(where: { $0 == accept.rule }) {
      edit.remove(accept, from: FirewallRules.forwarding)
    }
    if let isolation = change.isolation { try edit.isolate(isolation) }
    let upstream = remembers ? upstreamInNFT : UpstreamContainers(record)
    var removable: [Isolation] = []
    for isolation in freed {
      let isUsed = try upstream.mayBeThere(
        on: isolation.bridge, table, edit, besides: released, change.ports)
      if !isUsed { removable.append(isolation) }
    }
    try edit.removeIsolation(removable, keepsChains: change.isolation != nil)
  }
}
