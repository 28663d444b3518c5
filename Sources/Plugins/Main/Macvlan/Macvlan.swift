// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Attaching
import CNI
import Invoke
import JSON
import NetNS
import Netlink
import OS
import Skel

/// Gives the container an interface with its own MAC address upon an interface of the host.
package struct Macvlan: ContainerKindPlugin {
  package let name = "macvlan"
  package static let kind = "macvlan"
  package let executor: PluginExecutor
  package let note: (String) -> Void

  package init(executor: PluginExecutor, note: @escaping (String) -> Void) {
    self.executor = executor
    self.note = note
  }

  package func add(_ request: Request) throws(CNIError) -> NetworkResult {
    let settings = try MacvlanSettings(request.config)
    var link = NewLink(request.attachment.interface, .macvlan(settings.options))
    link.attributes.address = try request.requestedMAC(ofConfiguration: true)
    if settings.mode == .passthru, let mac = link.attributes.address {
      note("macvlan: the MAC address \(mac) is not used: in the mode passthru the interface has the master's")
      link.attributes.address = nil
    }
    let ipam = try IPAMPlugin.find(request.config, request.environment, executor)
    let host = try reporting { () throws(NetlinkError) in try RouteSocket.open() }
    let container = try request.openNamespace()
    let inside = try request.inside(container) { () throws(CNIError) in
      try ContainerLink.requireFreeName(request.attachment.interface)
      return try reporting { () throws(NetlinkError) in try RouteSocket.open() }
    }
    return try allOrNothing { (rollback) throws(CNIError) in
      let made = try ContainerLink.making(request, ofKind: Self.kind, undoneBy: &rollback) { () throws(CNIError) in
        try make(&link, settings, host, inside, in: container, request.attachment)
      }
      var interface = OnlyInterface(made, request.attachment, dns: settings.dns)
      // Any host on the master's network may have the address.
      interface.detectsDuplicates = true
      return try interface.attach(request, ipam, in: container, undoneBy: &rollback, note: note)
    }
  }

  /// Makes the interface upon its master.
  private func make(
    _ link: inout NewLink, _ settings: MacvlanSettings, _ host: borrowing RouteSocket, _ inside: borrowing RouteSocket,
    in container: borrowing NetworkNamespace, _ attachment: Attachment
  ) throws(CNIError) -> Link {
    if settings.hasMasterInContainer {
      try complete(&link, settings, inside, host)
      return try ContainerLink.make(link, upon: inside, inside, for: attachment)
    }
    try complete(&link, settings, host, host)
    link.namespace = container.descriptor
    return try ContainerLink.make(link, upon: host, inside, for: attachment)
  }

  private func complete(
    _ link: inout NewLink, _ settings: MacvlanSettings, _ masters: borrowing RouteSocket, _ host: borrowing RouteSocket
  ) throws(CNIError) {
    let master = try settings.findMaster(masters, note: note)
    link.parent = master.index
    link.attributes.mtu = try settings.mtu(of: master, host)
  }

  package func status(_ request: NetworkRequest) throws(CNIError) {
    let settings = try MacvlanSettings(request.config)
    let ipam = try IPAMPlugin.find(request.config, request.environment, executor)
    try ContainerLink.requireKind(.macvlan(MacvlanOptions()))
    if !settings.hasMasterInContainer {
      let host = try reporting { () throws(NetlinkError) in try RouteSocket.open() }
      do {
        _ = try settings.findMaster(host) { _ in }
      } catch {
        throw error.recoded(.notAvailable)
      }
    }
    try ipam?.status()
  }

  package func otherProblems(_ request: Request) throws(CNIError) -> [String] {
    let settings = try MacvlanSettings(request.config)
    let interface = request.attachment.interface
    return try request.inContainer { (_) throws(CNIError) in
      try reporting(interface) { () throws(NetlinkError) in
        guard let link = try RouteSocket.open().linkIfAny(named: interface) else { return [] }
        // The kernel removes it together with its master.
        guard case .macvlan(let options) = link.details, let mode = options.mode, mode != settings.mode.kernel else {
          return []
        }
        return ["\(interface) is not in the mode \(settings.mode.rawValue)"]
      }
    }
  }
}
