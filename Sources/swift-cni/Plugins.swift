// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Bandwidth
import CNI
import Firewall
import Firewalld
import Flannel
import IPTables
import NFTables
import Portmap
import Skel
import Tuning

/// The plugins that this program is.
enum PluginName: String, CaseIterable {
  case portmap, firewall, tuning, bandwidth, flannel

  /// The plugin with what it makes its changes by; `note` tells the operator something.
  func make(note: @escaping (String) -> Void) -> any Plugin {
    switch self {
    case .portmap:
      Portmap(
        nftables: NFTablesBackend(.ports),
        iptables: { (settings) throws(CNIError) in try IPTablesHost().backend(settings, note: note) }, note: note)
    case .firewall:
      Firewall(
        FirewallHost(
          nftables: NFTablesBackend(.firewall),
          iptables: { (settings) throws(CNIError) in try IPTablesHost().firewall(settings) },
          firewalld: { FirewalldBackend(NFTablesBackend(.firewall), zone: $0, note: note) },
          isFirewalldRunning: { FirewalldBackend.isRunning(note: note) },
          canIPTablesDrop: { () throws(CNIError) in try IPTablesHost().canDropForwarded() }), note: note)
    case .tuning: Tuning(note: note)
    case .bandwidth: Bandwidth(note: note)
    case .flannel: Flannel(note: note)
    }
  }
}
