// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI
import NFTables
import Netlink
import Rules

/// Checks MAC addresses by upstream's rules in a table of the family bridge.
package struct NFTablesMACSpoofGuard: MACSpoofGuard {
  package init() {}

  package func requireRoom(for owner: AttachmentID) throws(CNIError) {
    let excess = MACSpoofRules(of: owner).excess
    if excess == 0 { return }
    let length = owner.containerID.utf8.count
    throw CNIError(
      .invalidConfiguration,
      "macspoofchk: expected a container ID of at most \(length - excess) bytes beside the interface \(owner.interface), found \(length): the names of nftables are limited"
    )
  }

  package func apply(_ check: MACSpoofCheck) throws(CNIError) -> AppliedChange {
    let rules = MACSpoofRules(of: check.owner)
    let former = try Self.transaction("apply the MAC spoof check of \(check.port)") {
      (socket) throws(NetlinkError) -> MACSpoofCheck? in
      let present = try PresentMACSpoofRules(rules, socket)
      if present.problems(with: check, rules).isEmpty { return check }
      let isNew = !present.has(rules.portChain) && !present.has(rules.addressChain)
      // The kernel refuses chains that are there by now, so that without former ones others may change the ruleset.
      try socket.commit(
        Self.additions(check, rules, over: present), generation: isNew ? nil : present.generation)
      return rules.check(of: check.owner, present)
    }
    if former == check { return AppliedChange {} }
    return AppliedChange { () throws(CNIError) in
      if let former { _ = try apply(former) } else { try remove(check.owner) }
    }
  }

  package func verify(_ check: MACSpoofCheck) throws(CNIError) -> [String] {
    let rules = MACSpoofRules(of: check.owner)
    return try Self.transaction("read the MAC spoof check of \(check.port)") { (socket) throws(NetlinkError) in
      try PresentMACSpoofRules(rules, socket).problems(with: check, rules)
    }
  }

  package func remove(_ owner: AttachmentID, unless isAnothers: (_ port: String) -> Bool) throws(CNIError) {
    let rules = MACSpoofRules(of: owner)
    if rules.excess > 0 { return }
    do throws(CNIError) {
      try Self.transaction("remove the MAC spoof check of \(owner.containerID)") { (socket) throws(NetlinkError) in
        let present = try PresentMACSpoofRules(rules, socket)
        let chains = [rules.portChain, rules.addressChain].filter { present.has($0) }
        if chains.isEmpty || present.entries.compactMap(MACSpoofRules.port).contains(where: isAnothers) { return }
        let table = MACSpoofRules.table
        try socket.commit(
          present.entries.map { $0.deletion() } + chains.map { table.flush(chain: $0) }
            + chains.map { table.delete(chain: $0) },
          generation: present.generation)
      }
    } catch {
      if error.code != .notAvailable { throw error }
    }
  }

  package func removeAll(where isStale: (_ owner: AttachmentID, _ port: String) -> Bool) throws(CNIError) {
    let entries: [StoredRule]
    do throws(CNIError) {
      entries = try Self.transaction("list the MAC spoof checks") { (socket) throws(NetlinkError) in
        try PresentMACSpoofRules.entries(socket)
      }
    } catch {
      if error.code == .notAvailable { return }
      throw error
    }
    var failures = ErrorCollector()
    for entry in entries {
      guard let chain = Expression.jump(in: entry.encodedExpressions), let port = MACSpoofRules.port(of: entry) else {
        continue
      }
      for owner in MACSpoofRules.owners(ofChain: chain) where isStale(owner, port) {
        failures.run { () throws(CNIError) in try remove(owner) }
      }
    }
    try failures.throwIfAny()
  }

  package func probe() throws(CNIError) {
    guard let address = MACAddress(bytes: [2, 0, 0, 0, 0, 1]) else { return }
    let owner = AttachmentID(containerID: "", interface: "")
    let check = MACSpoofCheck(owner, port: "lo", address: address)
    let rules = MACSpoofRules(of: owner)
    do throws(NetlinkError) {
      let socket = try NetfilterSocket.open()
      try socket.rehearse(Self.additions(check, rules, over: try PresentMACSpoofRules(rules, socket)))
    } catch {
      let failure = ElementStore.failure("this kernel cannot check MAC addresses of bridges' ports", error)
      throw CNIError(.notAvailable, failure.message, details: failure.details)
    }
  }

  /// The messages that make a check hold, whatever there is.
  private static func additions(
    _ check: MACSpoofCheck, _ rules: MACSpoofRules, over present: PresentMACSpoofRules
  ) -> [NetlinkMessage] {
    let table = MACSpoofRules.table
    let chains = [rules.portChain, rules.addressChain]
    return [present.isTableActive ? table.ensure() : table.create(), table.create(MACSpoofRules.entries)]
      + present.entries.map { $0.deletion() }
      + chains.map { present.has($0) ? table.flush(chain: $0) : table.create(Chain($0), exclusively: true) }
      + (rules.addressRules(check.address) + rules.portRules + [rules.entry(check.port)]).map { table.add($0) }
  }

  /// Attempts a change until it is made or is refused for good.
  private static func transaction<Value>(
    _ action: String, _ attempt: (borrowing NetfilterSocket) throws(NetlinkError) -> Value
  ) throws(CNIError) -> Value {
    do throws(NetlinkError) {
      let socket = try NetfilterSocket.open()
      var attempts = Attempts()
      while true {
        do throws(NetlinkError) {
          return try attempt(socket)
        } catch {
          guard attempts.mayRepeat(after: error) else { throw error }
        }
      }
    } catch {
      throw ElementStore.failure(action, error)
    }
  }
}
