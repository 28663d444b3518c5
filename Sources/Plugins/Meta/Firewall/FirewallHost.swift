// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI
import Rules

/// What a host has to filter packets with.
package struct FirewallHost {
  /// Our own table, which also records whose an address is that firewalld or iptables has, and denies what these cannot.
  let nftables: any AttachmentRecorder
  /// Makes the one that writes upstream's rules into the tables of iptables.
  let iptables: (IPTablesSettings) throws(CNIError) -> any RemovingForwardFilter
  /// Makes the one that puts addresses into a zone of firewalld.
  let firewalld: (_ zone: String) -> any ZoneFilter
  /// Makes what lets packets that our own table accepts pass FORWARD of iptables; nil if the host has no iptables.
  let forwardGate: (IPTablesSettings, _ bit: Int) throws(CNIError) -> (any ForwardGate)?
  /// Throws code 11 if that cannot be told now.
  let isFirewalldRunning: () throws(CNIError) -> Bool
  /// The base chains that drop what is forwarded, whatever our own table accepts.
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

  /// The backend that a configuration asks for, or the one that fits the host: firewalld where it runs, else our own table, and
  /// upstream's rules where the kernel has no nf_tables.
  func backend(_ options: FirewallOptions, hasNFTables: Bool) throws(CNIError) -> FirewallOptions.Backend {
    if let backend = options.backend { return backend }
    if try isFirewalldRunning() { return .firewalld }
    return hasNFTables ? .nftables : .iptables
  }
}
