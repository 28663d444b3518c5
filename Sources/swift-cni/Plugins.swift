// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Bandwidth
import Bridge
import CNI
import Dummy
import Firewall
import Firewalld
import Flannel
import HostDevice
import HostLocal
import Invoke
import IPTables
import IPTablesLegacy
import Loopback
import Macvlan
import OwnTable
import PTP
import Portmap
import Skel
import Static
import Tap
import Tuning

/// The plugins that this program contains.
enum PluginName: String, CaseIterable {
  case loopback, bridge, ptp, macvlan, dummy, tap
  case hostDevice = "host-device"
  case portmap, firewall, tuning, bandwidth, flannel
  case hostLocal = "host-local"
  case `static`

  /// Makes the plugin that this program was started as.
  func make(note: @escaping (String) -> Void) -> any Plugin {
    let executor = PluginExecutor(note: note, callers: [rawValue]) { name, executor in
      PluginName(rawValue: name)?.make(executor, note: note)
    }
    return make(executor, note: note)
  }

  /// Makes the plugin with its backends and with the executor for delegation; `note` writes a line to stderr.
  func make(_ executor: PluginExecutor, note: @escaping (String) -> Void) -> any Plugin {
    switch self {
    case .loopback: return Loopback()
    case .bridge:
      let rules = BridgeRules(masquerading: masquerading(note), spoofing: NFTablesMACSpoofGuard())
      return Bridge(rules, executor: executor, note: note)
    case .ptp: return PTP(PTPRules(masquerading: masquerading(note)), executor: executor, note: note)
    case .macvlan: return Macvlan(executor: executor, note: note)
    case .dummy: return Dummy(executor: executor, note: note)
    case .tap: return Tap(executor: executor, note: note)
    case .hostDevice: return HostDevice(executor: executor, note: note)
    case .portmap:
      let iptables = IPTablesHost(legacy: LegacyTransport())
      return Portmap(
        nftables: NFTablesPorts(),
        iptables: { (settings) throws(CNIError) in try iptables.backend(settings, note: note) },
        host: PortmapHost(
          hasServiceRules: { () throws(CNIError) in try iptables.hasServiceRules() },
          hasNFTables: { NFTablesPorts.isInKernel }),
        note: note)
    case .firewall:
      let (nftables, iptables) = (NFTablesFirewall(), IPTablesHost(legacy: LegacyTransport()))
      let host = FirewallHost(
        nftables: nftables,
        iptables: { (settings) throws(CNIError) in try iptables.firewall(settings, record: nftables) },
        firewalld: { FirewalldBackend(nftables, zone: $0, note: note) },
        forwardGate: { (settings, bit) throws(CNIError) in
          try iptables.forwardGate(settings, bit: bit, note: note)
        },
        isFirewalldRunning: { () throws(CNIError) in try FirewalldBackend.isRunning(note: note) },
        droppingChains: { NFTablesFirewall.chainsThatDropForwarded() })
      return Firewall(host, note: note)
    case .tuning: return Tuning(note: note)
    case .bandwidth: return Bandwidth(note: note)
    case .flannel: return Flannel(executor: executor, note: note)
    case .hostLocal: return HostLocal()
    case .static: return Static()
    }
  }

  /// The ways of this host to masquerade.
  private func masquerading(_ note: @escaping (String) -> Void) -> MasqueradeHost {
    MasqueradeHost(IPTablesHost(legacy: LegacyTransport()), note: note)
  }
}
