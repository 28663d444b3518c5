// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI
import Rules

/// The backends and the state of a host that firewall chooses by.
package struct FirewallHost {
  /// Our own table; it also records the owners of addresses that firewalld or iptables accepts, and holds the rules that these
  /// lack.
  let nftables: any AttachmentRecorder
  /// Makes the backend that writes upstream's rules into the tables of iptables.
  let iptables: (IPTablesSettings) throws(CNIError) -> any RemovingForwardFilter
  /// Makes the backend that adds addresses to a zone of firewalld.
  let firewalld: (_ zone: String) -> any ZoneFilter
  /// Makes the gate by which packets that our own table has accepted pass FORWARD of iptables; nil if the host has no iptables.
  let forwardGate: (IPTablesSettings, _ bit: Int) throws(CNIError) -> (any ForwardGate)?
  /// Throws code 11 if that cannot be found out now.
  let isFirewalldRunning: () throws(CNIError) -> Bool
  /// The base chains that drop forwarded packets, whatever our own table accepts.
  let droppingChains: () -> [String]

  package init(
    nftables: any AttachmentRecorder,
    iptables: @escaping (IPTablesSettings) throws(CNIError) -> any RemovingForwardFilter,
    firewalld: @escaping (_ zone: String) -> any ZoneFilter,
    forwardGate: @escaping (IPTablesSettings, _ bit: Int) throws(CNIError) -> (any ForwardGate)?,
    isFirewalldRunning: @escaping () throws(CNIError) -> Bool, droppingChains: @escaping () -> [String]
  ) {
    self.nftables = nftables
    self.iptables = iptables
    self.firewalld = firewalld
    self.forwardGate = forwardGate
    self.isFirewalldRunning = isFirewalldRunning
    self.droppingChains = droppingChains
  }

  /// The configured backend, or the one that fits the host: firewalld where it runs, else our own table, or upstream's rules
  /// where the kernel has no nf_tables.
  func backend(_ options: FirewallOptions, hasNFTables: Bool) throws(CNIError) -> FirewallOptions.Backend {
    if let backend = options.backend { return backend }
    if try isFirewalldRunning() { return .firewalld }
    return hasNFTables ? .nftables : .iptables
  }
}
