// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Attaching
import CNI
import Netlink
import Skel

extension HostDevice {
  /// Moves the attachment's device out of the container under the name that it had on the host, without alias and down. Does nothing if
  /// the container does not have it; if the kernel has moved it to the host already, it only gets its name.
  func giveBack(_ request: Request, _ selector: DeviceSelector?) throws(CNIError) {
    let host = try reporting { () throws(NetlinkError) in try RouteSocket.open() }
    var isInContainer = false
    try ContainerLink.withNamespace(of: request) { (home) throws(CNIError) in
      let routes = try reporting { () throws(NetlinkError) in try RouteSocket.open() }
      guard let link = try device(of: request, selector, routes), let name = link.attributes.alias else { return }
      isInContainer = true
      try requireFree(name, for: link, host)
      try reporting("move \(link.name) back to the host") { () throws(NetlinkError) in
        try routes.move(link.index, toNamespace: home, name: name, alias: "")
      }
    }
    if !isInContainer, let selector { try rename(selector, request, host) }
  }

  /// Finds the device in the container, under any name: its alias is its name on the host. What has no such alias has another plugin made.
  private func device(
    of request: Request, _ selector: DeviceSelector?, _ routes: borrowing RouteSocket
  ) throws(CNIError) -> Link? {
    let interface = request.attachment.interface
    let candidates = try reporting { () throws(NetlinkError) in try routes.links() }
      .filter { link in
        if case .name? = selector { return selector?.selects(link) ?? false }
        return isInterfaceName(link.attributes.alias ?? "")
      }
    if let named = candidates.first(where: { $0.name == interface }) { return named }
    return candidates.first { selector?.selects($0) ?? false }
  }

  private func requireFree(_ name: String, for link: Link, _ host: borrowing RouteSocket) throws(CNIError) {
    let other = try reporting { () throws(NetlinkError) in try host.linkIfAny(named: name) }
    if other == nil { return }
    throw CNIError(
      .resourceConflict, "\(link.name) cannot go back to the host, which has another interface \(name) now")
  }

  /// Gives a device that the kernel has moved to the host its name there.
  private func rename(
    _ selector: DeviceSelector, _ request: Request, _ host: borrowing RouteSocket
  ) throws(CNIError) {
    guard let device = try HostSide.find(selector, sysfs, for: request.attachment, host),
      device.link.hasReturned(to: request.attachment)
    else { return }
    try requireFree(device.name, for: device.link, host)
    try reporting("rename \(device.link.name) to \(device.name)") { () throws(NetlinkError) in
      var attributes = LinkAttributes()
      attributes.alias = ""
      // Kernels before 6.2 rename only what is down.
      if device.link.isUp { try host.bringDown(device.link.index) }
      try host.rename(device.link.index, to: device.name)
      try host.set(attributes, of: device.link.index)
    }
  }
}

extension DeviceSelector {
  /// Whether it certainly selects an interface of the container, where sysfs does not show it.
  fileprivate func selects(_ link: Link) -> Bool {
    switch self {
    case .name(let name): return link.attributes.alias == name
    case .mac(let mac): return link.attributes.address == mac || link.permanentAddress == mac
    case .pci(let device), .auxiliary(let device): return link.parentDevice == device
    case .path(let path):
      guard let device = link.parentDevice else { return false }
      return path.split(separator: "/").contains { $0 == device }
    }
  }
}
