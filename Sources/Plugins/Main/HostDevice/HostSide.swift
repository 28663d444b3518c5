// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI
import JSON
import Netlink

/// A device on the host, which is to go into a container or has come back from one.
struct HostSide {
  let link: Link
  /// The name that it has, or gets back, on the host.
  let name: String

  /// Finds the device that a configuration selects; nil if the host does not have it.
  static func find(
    _ selector: DeviceSelector, _ sysfs: Sysfs, _ routes: borrowing RouteSocket
  ) throws(CNIError) -> HostSide? {
    let interface = try sysfs.interface(of: selector)
    return try reporting("look for the device") { () throws(NetlinkError) in
      switch selector {
      case .name(let name):
        if let link = try routes.linkIfAny(named: name) { return HostSide(link) }
        return try routes.links().first { link in link.marks.contains { $0.name == name } }.map { HostSide($0) }
      case .mac(let mac):
        return try routes.links().first { $0.attributes.address == mac }.map { HostSide($0) }
      case .path, .pci, .auxiliary:
        guard let interface else { return nil }
        return try routes.linkIfAny(named: interface).map { HostSide($0) }
      }
    }
  }

  /// The kernel moves a device to the host when its container's namespace ends, under its name there or as `dev` with a number: by its mark
  /// it has its own name.
  private init(_ link: Link) {
    self.link = link
    name = link.marks.first?.name ?? link.name
  }
}
