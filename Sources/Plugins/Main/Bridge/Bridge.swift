// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import Announcement
import Attaching
import CNI
import Invoke
import NetNS
import Netlink
import OS
import Rules
import Skel

/// Connects the container to a bridge on the host by a veth.
package struct Bridge: VethPlugin {
  package let name = "bridge"
  let rules: BridgeRules
  package let executor: PluginExecutor
  package let note: (String) -> Void

  package init(_ rules: BridgeRules, executor: PluginExecutor, note: @escaping (String) -> Void) {
    self.rules = rules
    self.executor = executor
    self.note = note
  }

  package func add(_ request: Request) throws(CNIError) -> NetworkResult {
    let settings = try BridgeSettings(request.config)
    try rules.requireRoom(for: request.attachment, settings)
    let mac = try request.requestedMAC()
    let ipam = try IPAMPlugin.find(request.config, request.environment, executor)
    let host = try reporting { () throws(NetlinkError) in try RouteSocket.open() }
    let container = try request.openNamespace()
    let mtu = try settings.mtu?.resolved(host)
    return try allOrNothing { (rollback) throws(CNIError) in
      var bridge = try HostBridge.prepare(settings, mtu: mtu, host)
      let veth = try HostVeth.make(
        request.attachment, in: container.descriptor, mac: mac, mtu: mtu, host, undoneBy: &rollback)
      try veth.connect(to: bridge.index, settings.port, request.attachment, host)
      if settings.checksMAC {
        let check = try rules.checkMAC(request, veth)
        rollback.add { () throws(CNIError) in try check.undo() }
      }
      var result = NetworkResult()
      if let ipam {
        result = try ipam.add(undoneBy: &rollback)
        try settings.completeGateways(&result)
      }
      let announcer = try configure(request, result, veth, settings, in: container)
      if settings.isGateway {
        try bridge.add(
          result.gatewayPrefixes, replaces: settings.forceAddress, host, undoneBy: &rollback)
        try Forwarding.enable(result.families)
      }
      if settings.masquerades {
        let masquerading = try rules.masquerade(request, result, settings)
        rollback.add { () throws(CNIError) in try masquerading.undo() }
      }
      if !settings.leavesInterfaceDown {
        try waitForPort(veth, host)
        announce(result, by: announcer, on: bridge, host)
      }
      try bridge.readMAC(host)
      return settings.result(result, bridge, veth, request)
    }
  }

  package func removeRules(of attachment: Attachment, _ addresses: [Prefix]) throws(CNIError) {
    try rules.remove(attachment, addresses)
  }

  package func removeRules(ofNetwork network: String, sparing valid: Set<AttachmentID>) throws(CNIError) {
    try rules.removeAll(ofNetwork: network, sparing: valid)
  }

  package func status(_ request: NetworkRequest) throws(CNIError) {
    let settings = try BridgeSettings(request.config)
    let host = try reporting { () throws(NetlinkError) in try RouteSocket.open() }
    if let link = try HostBridge.find(settings.bridge, host), link.kind != HostBridge.kind {
      throw CNIError(.notAvailable, "bridge: \(settings.bridge) exists, but is no bridge")
    }
    try IPAMPlugin.find(request.config, request.environment, executor)?.status()
    try rules.probe(settings)
  }
}

// MARK: - Steps of ADD

extension Bridge {
  /// Gives the container's interface its addresses; returns the socket that announces them later, nil if the interface stays down.
  private func configure(
    _ request: Request, _ result: NetworkResult, _ veth: HostVeth, _ settings: BridgeSettings,
    in container: borrowing NetworkNamespace
  ) throws(CNIError) -> AnnouncementSocket? {
    if settings.leavesInterfaceDown { return nil }
    var plan = AddressPlan(result)
    plan.detectsDuplicates = settings.detectsDuplicates
    let interface = request.attachment.interface
    return try request.inside(container) { () throws(CNIError) -> AnnouncementSocket? in
      try plan.prepare(interface)
      let routes = try reporting { () throws(NetlinkError) in try RouteSocket.open() }
      try plan.install(on: veth.container.index, named: interface, by: routes)
      if plan.addresses.isEmpty { return nil }
      return try reporting { () throws(SystemError) in
        try AnnouncementSocket.open(on: veth.container.index, veth.container.mac)
      }
    }
  }

  /// Waits until the bridge forwards the port's frames: what a container sends before is lost. With the spanning tree protocol that takes
  /// half a minute, which no runtime waits.
  private func waitForPort(_ veth: HostVeth, _ host: borrowing RouteSocket) throws(CNIError) {
    let isForwarding = try reporting { () throws(NetlinkError) in
      try host.waitUntilForwarding(veth.index, milliseconds: 2500)
    }
    if isForwarding { return }
    let port = try reporting { () throws(NetlinkError) in try host.link(veth.index) }
    if port.operState != .up {
      throw CNIError(.tryAgainLater, "the bridge port \(veth.name) did not come up within 2.5 s")
    }
    note("\(name): the bridge does not forward on the port \(veth.name) yet")
  }

  /// Tells neighbours and this host that the addresses have a new MAC address. This must not fail ADD: neighbours learn it later.
  private func announce(
    _ result: NetworkResult, by socket: borrowing AnnouncementSocket?, on bridge: HostBridge,
    _ host: borrowing RouteSocket
  ) {
    let addresses = result.ips.map(\.address.address)
    do {
      _ = try host.make(addresses.map { .removeNeighbour(Neighbour($0, at: nil, of: bridge.index, state: .none)) })
    } catch {
      note("\(name): \(error)")
    }
    do {
      try socket?.announce(addresses)
    } catch {
      note("\(name): \(error)")
    }
  }
}
