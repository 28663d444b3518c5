// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI
import Rules

/// What a host has to filter packets with.
package struct FirewallHost {
  /// Our own table, which also knows whose an address is that firewalld has, and denies what iptables' tables cannot.
  let nftables: any AddressOwningBackend
  /// Makes the one that writes into the tables of iptables.
  let iptables: (IPTablesSettings) throws(CNIError) -> any RulesBackend
  /// Makes the one that puts addresses into a zone of firewalld.
  let firewalld: (_ zone: String) -> any RulesBackend
  /// Throws code 11 if that cannot be told now.
  let isFirewalldRunning: () throws(CNIError) -> Bool
  /// Whether packets that are forwarded can be dropped in a table of iptables.
  let canIPTablesDrop: () throws(CNIError) -> Bool
  /// What drops packets that are forwarded, whatever our own table accepts.
  let droppingChains: () -> [String]

  package init(
    nftables: any AddressOwningBackend, iptables: @escaping (IPTablesSettings) throws(CNIError) -> any RulesBackend,
    firewalld: @escaping (_ zone: String) -> any RulesBackend,
    isFirewalldRunning: @escaping () throws(CNIError) -> Bool,
    canIPTablesDrop: @escaping () throws(CNIError) -> Bool, droppingChains: @escaping () -> [String]
  ) {
    self.nftables = nftables
    self.iptables = iptables
    self.firewalld = firewalld
    self.isFirewalldRunning = isFirewalldRunning
    self.canIPTablesDrop = canIPTablesDrop
    self.droppingChains = droppingChains
  }

  /// The backend that a configuration asks for, or the one by which an accept counts: where the host drops packets.
  func backend(_ options: FirewallOptions) throws(CNIError) -> FirewallOptions.Backend {
    if let backend = options.backend { return backend }
    if try isFirewalldRunning() { return .firewalld }
    // An administrator's chain in a table of iptables only counts there.
    if options.namesAdminChain { return .iptables }
    return try canIPTablesDrop() ? .iptables : .nftables
  }

  /// Whether an ADD before has put anything into our own table, which all backends but iptables do always. Where the kernel
  /// has no nf_tables nobody has.
  func isRecorded(_ owner: Owner) throws(CNIError) -> Bool {
    do throws(CNIError) {
      return try nftables.hasRules(of: owner)
    } catch {
      guard error.code == .notAvailable else { throw error }
      return false
    }
  }

  /// Takes the addresses that an ADD before has put into a zone of firewalld out of it: to another backend they would be nobody's.
  func leaveZones(_ owner: Owner) throws(CNIError) {
    guard try nftables.accepts(of: owner, hint: []).contains(where: { $0.zone != nil }) else { return }
    _ = try firewalld(FirewallOptions.standardZone).remove(owner, hint: [], ports: [])
  }
}

extension OwnedRules {
  /// The rules that the tables of iptables have, and those that our own has then.
  func splitForIPTables() -> (iptables: OwnedRules, nftables: OwnedRules) {
    var split = (OwnedRules(owner: owner, rules: []), OwnedRules(owner: owner, rules: []))
    for rule in rules {
      switch rule {
      case .acceptForwarded, .isolate: split.0.rules.append(rule)
      case .restrict, .dropInvalid, .forwardPort, .masquerade: split.1.rules.append(rule)
      }
    }
    return split
  }
}
