// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CLinux
import Glibc

/// An interface that is a port of a bridge.
package struct BridgePort: Equatable, Sendable {
  /// The interface's index.
  package let interface: UInt32
  package let options: BridgePortOptions
  /// Whether it forwards frames (`BR_STATE_FORWARDING`); false for a moment after it came up.
  package let isForwarding: Bool

  /// Returns nil unless the link is a port of a bridge.
  package init?(_ link: Link) {
    guard link.portKind == "bridge" else { return nil }
    interface = link.index
    options = BridgePortOptions(link.portData)
    let state = Attributes(link.portData)[Int(IFLA_BRPORT_STATE)]?.first
    isForwarding = state == 3  // BR_STATE_FORWARDING, linux/if_bridge.h
  }

  /// Whether the bridge sends a frame back through the port that it came in through.
  package var isHairpin: Bool { options[.hairpin] ?? false }

  /// Whether the bridge sends no frames from it to other isolated ports.
  package var isIsolated: Bool { options[.isolated] ?? false }
}

extension RouteSocket {
  /// An interface as a bridge port; nil if it is not a port or does not exist.
  package func bridgePort(named name: String) throws(NetlinkError) -> BridgePort? {
    try linkIfAny(named: name).flatMap { BridgePort($0) }
  }

  /// The names of a bridge's ports; empty if the bridge does not exist. Ports that come or go during the dump may be missing.
  package func ports(ofBridge name: String) throws(NetlinkError) -> [String] {
    guard let bridge = try linkIfAny(named: name) else { return [] }
    return try ports(of: bridge.index).map(\.name)
  }

  /// Changes options of a bridge's port.
  package func set(_ options: BridgePortOptions, ofPort index: UInt32) throws(NetlinkError) {
    try netlink.execute(options.message(index), "change the bridge port with index \(index)")
  }

  /// Makes an interface a port of a bridge and gives it an alias, then sets the port's options and brings it up. These are two requests in
  /// one datagram: the kernel accepts a port's options only for an existing port.
  package func addPort(
    _ index: UInt32, toBridge bridge: UInt32, _ options: BridgePortOptions, alias: String? = nil
  ) throws(NetlinkError) {
    let action = "make the interface with index \(index) a port of the bridge with index \(bridge)"
    var join = Self.setMaster(bridge, of: index)
    if let alias { join.attribute(IFLA_IFALIAS, Array(alias.utf8)) }
    let requests = [join, options.message(index, isUp: true)]
    for reply in try netlink.executeAll(requests) {
      if let failure = reply.failure(action) { throw failure }
    }
  }

  /// Makes the bridge send frames back through the port that they came in through.
  package func enableHairpin(_ port: BridgePort) throws(NetlinkError) {
    var options = BridgePortOptions()
    options[.hairpin] = true
    try netlink.execute(
      options.message(port.interface), "set hairpin mode of the bridge port with index \(port.interface)")
  }

  /// Sets whether the bridge sends no frames between this port and other isolated ones (kernel 4.18 and later).
  package func isolate(_ port: BridgePort, _ isIsolated: Bool) throws(NetlinkError) {
    var options = BridgePortOptions()
    options[.isolated] = isIsolated
    try netlink.execute(
      options.message(port.interface), "set the isolation of the bridge port with index \(port.interface)")
  }
}
