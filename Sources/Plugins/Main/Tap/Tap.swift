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

/// Gives the container a TAP interface, whose frames a program reads and writes, such as a virtual machine's.
package struct Tap: ContainerKindPlugin {
  package let name = "tap"
  package static let kind = "tun"
  package let executor: PluginExecutor
  package let note: (String) -> Void

  package init(executor: PluginExecutor, note: @escaping (String) -> Void) {
    self.executor = executor
    self.note = note
  }

  package func add(_ request: Request) throws(CNIError) -> NetworkResult {
    let settings = try TapSettings(request.config)
    var attributes = LinkAttributes()
    attributes.address = try request.requestedMAC(ofConfiguration: true)
    let ipam = try IPAMPlugin.find(request.config, request.environment, executor)
    if settings.label != nil && !TunDevice.hasLabels {
      throw CNIError(.notAvailable, "selinuxContext: SELinux is not enabled on this host")
    }
    let container = try request.openNamespace()
    attributes.mtu = try settings.mtu?.resolved(reporting { () throws(NetlinkError) in try RouteSocket.open() })
    return try allOrNothing { (rollback) throws(CNIError) in
      let inside = try request.inside(container) { () throws(CNIError) in
        // The device takes over an interface of this name that is a TAP.
        try ContainerLink.requireFreeName(request.attachment.interface)
        return try reporting { () throws(NetlinkError) in try RouteSocket.open() }
      }
      let bridge = try settings.findBridge(inside)
      let link = try ContainerLink.making(request, ofKind: Self.kind, undoneBy: &rollback) { () throws(CNIError) in
        try request.inside(container) { () throws(CNIError) in try settings.make(request.attachment.interface) }
        return try complete(request.attachment.interface, attributes, bridge, inside)
      }
      return try OnlyInterface(link, request.attachment, dns: settings.dns)
        .attach(request, ipam, in: container, undoneBy: &rollback, note: note)
    }
  }

  /// Sets the new interface's attributes and its bridge, and returns the interface.
  private func complete(
    _ interface: String, _ attributes: LinkAttributes, _ bridge: Link?, _ inside: borrowing RouteSocket
  ) throws(CNIError) -> Link {
    try reporting(interface) { () throws(NetlinkError) in
      let made = try inside.link(named: interface)
      if let bridge { try inside.setMaster(bridge.index, of: made.index) }
      if attributes.isEmpty { return made }
      try inside.set(attributes, of: made.index)
      return try inside.link(made.index)
    }
  }

  package func status(_ request: NetworkRequest) throws(CNIError) {
    let settings = try TapSettings(request.config)
    let ipam = try IPAMPlugin.find(request.config, request.environment, executor)
    if settings.label != nil && !TunDevice.hasLabels {
      throw CNIError(.notAvailable, "selinuxContext: SELinux is not enabled on this host")
    }
    try reporting(as: .notAvailable) { () throws(SystemError) in try TunDevice.probe() }
    try ipam?.status()
  }

  package func otherProblems(_ request: Request) throws(CNIError) -> [String] {
    guard let bridge = try TapSettings(request.config).bridge else { return [] }
    let interface = request.attachment.interface
    return try request.inContainer { (_) throws(CNIError) in
      try reporting(interface) { () throws(NetlinkError) in
        let routes = try RouteSocket.open()
        guard let link = try routes.linkIfAny(named: interface) else { return [] }
        let master = try routes.linkIfAny(named: bridge)
        return master != nil && link.master == master?.index ? [] : ["\(interface) is no port of the bridge \(bridge)"]
      }
    }
  }
}

extension TapSettings {
  /// Finds the bridge in the container; nil if none is named. Throws code 7 if the container has no such bridge.
  fileprivate func findBridge(_ inside: borrowing RouteSocket) throws(CNIError) -> Link? {
    guard let bridge else { return nil }
    let link = try reporting("bridge") { () throws(NetlinkError) in try inside.linkIfAny(named: bridge) }
    guard let link else {
      throw CNIError(.invalidConfiguration, "bridge: the container has no interface \(bridge)")
    }
    if link.kind == "bridge" { return link }
    throw CNIError(.invalidConfiguration, "bridge: the container's \(bridge) is no bridge")
  }

  /// Makes the interface in the namespace of the calling thread.
  fileprivate func make(_ interface: String) throws(CNIError) {
    if let label {
      try reporting("selinuxContext") { () throws(SystemError) in try TunDevice.add(interface, tun, label: label) }
    } else {
      try reporting { () throws(SystemError) in try TunDevice.add(interface, tun) }
    }
  }
}
