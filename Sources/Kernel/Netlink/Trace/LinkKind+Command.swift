// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CLinux
import Glibc
import OS

extension LinkKind {
  /// Adds the options of a kind in the syntax of `ip link add … type …`. The caller adds a veth's peer.
  func addOptions(to command: inout ShellCommand, _ interfaceName: (UInt32) -> String) {
    switch self {
    case .veth, .tun, .other: break
    case .bridge(let options): options.addOptions(to: &command)
    case .macvlan(let options): options.addOptions(to: &command)
    case .ipvlan(let options): options.addOptions(to: &command)
    case .vlan(let options):
      command.add("protocol", options.protocol.map(vlanProtocolName))
      command.add("id", options.id)
    case .vxlan(let options): options.addOptions(to: &command, interfaceName)
    case .vrf(let table): command.add("table", table)
    }
  }
}

private func vlanProtocolName(_ etherType: UInt16) -> String {
  switch Int32(etherType) {
  case ETH_P_8021Q: "802.1Q"
  case ETH_P_8021AD: "802.1ad"
  default: String(etherType)
  }
}

extension BridgeOptions {
  fileprivate func addOptions(to command: inout ShellCommand) {
    command.add("forward_delay", forwardDelay)
    command.add("hello_time", helloTime)
    command.add("max_age", maxAge)
    command.add("ageing_time", ageingTime)
    command.add("stp_state", stp.map { $0 ? 1 : 0 })
    command.add("priority", priority)
    command.add("vlan_filtering", vlanFiltering.map { $0 ? 1 : 0 })
    command.add("vlan_protocol", vlanProtocol.map(vlanProtocolName))
    command.add("vlan_default_pvid", vlanDefaultPVID)
    command.add("group_fwd_mask", groupForwardMask)
    command.add("mcast_snooping", multicastSnooping.map { $0 ? 1 : 0 })
    command.add("mcast_querier", multicastQuerier.map { $0 ? 1 : 0 })
  }
}

extension BridgePortOptions {
  /// The flags' names in `ip link set … type bridge_slave`.
  private static let words: [(Flag, String)] = [
    (.hairpin, "hairpin"), (.isolated, "isolated"), (.learning, "learning"), (.unicastFlood, "flood"),
    (.multicastFlood, "mcast_flood"), (.broadcastFlood, "bcast_flood"), (.neighbourSuppression, "neigh_suppress"),
    (.bpduGuard, "guard"), (.rootBlock, "root_block"), (.fastLeave, "fastleave"), (.proxyARP, "proxy_arp"),
    (.vlanTunnel, "vlan_tunnel"),
  ]

  func addOptions(to command: inout ShellCommand) {
    command.add("priority", priority)
    command.add("cost", cost)
    for (flag, word) in Self.words { command.add(word, on: self[flag]) }
  }
}

extension MacvlanOptions {
  fileprivate func addOptions(to command: inout ShellCommand) {
    let names: [(Mode, String)] = [
      (.private, "private"), (.vepa, "vepa"), (.bridge, "bridge"), (.passthru, "passthru"),
    ]
    command.add("mode", mode.map { mode in names.first { $0.0 == mode }?.1 ?? String(mode.rawValue) })
    if let flags, flags & UInt16(MACVLAN_FLAG_NOPROMISC) != 0 { command.add("nopromisc") }
    command.add("bcqueuelen", broadcastQueueLength)
  }
}

extension IPVLANOptions {
  fileprivate func addOptions(to command: inout ShellCommand) {
    let names: [(Mode, String)] = [(.l2, "l2"), (.l3, "l3"), (.l3s, "l3s")]
    command.add("mode", mode.map { mode in names.first { $0.0 == mode }?.1 ?? String(mode.rawValue) })
    if let flags, flags & UInt16(IPVLAN_F_PRIVATE) != 0 { command.add("private") }
    if let flags, flags & UInt16(IPVLAN_F_VEPA) != 0 { command.add("vepa") }
  }
}

extension VXLANOptions {
  fileprivate func addOptions(to command: inout ShellCommand, _ interfaceName: (UInt32) -> String) {
    command.add("id", id)
    command.add("local", local)
    let isGroup = remote.map { $0.family == .ip ? $0.bytes[0] >> 4 == 0xe : $0.bytes[0] == 0xff } ?? false
    command.add(isGroup ? "group" : "remote", remote)
    command.add("dev", interface.map(interfaceName))
    command.add("dstport", port)
    if let learning { command.add(learning ? "learning" : "nolearning") }
    command.add("ttl", ttl)
    command.add("ageing", ageing)
    if usesGroupPolicy { command.add("gbp") }
  }
}
