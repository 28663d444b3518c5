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
    _ selector: DeviceSelector, _ sysfs: Sysfs, for attachment: Attachment, _ routes: borrowing RouteSocket
  ) throws(CNIError) -> HostSide? {
    let interface = try sysfs.interface(of: selector)
    return try reporting("look for the device") { () throws(NetlinkError) in
      switch selector {
      case .name(let name):
        if let link = try routes.linkIfAny(named: name) { return HostSide(link: link, name: name) }
        let returned = try routes.links().first { $0.hasReturned(to: attachment) && $0.attributes.alias == name }
        return returned.map { HostSide(link: $0, name: name) }
      case .mac(let mac):
        return try routes.links().first { $0.attributes.address == mac }.map { HostSide($0, attachment) }
      case .path, .pci, .auxiliary:
        guard let interface, let link = try routes.linkIfAny(named: interface) else { return nil }
        return HostSide(link, attachment)
      }
    }
  }

  private init(link: Link, name: String) {
    self.link = link
    self.name = name
  }

  private init(_ link: Link, _ attachment: Attachment) {
    let former = link.hasReturned(to: attachment) ? link.attributes.alias : nil
    self.init(link: link, name: former ?? link.name)
  }
}

extension Link {
  /// Whether the kernel has moved it to the host because its container's namespace has ended: the name is then that in the container, or
  /// `dev` and its index if the host has such an interface, and the alias is still the name on the host.
  func hasReturned(to attachment: Attachment) -> Bool {
    guard let alias = attributes.alias, isInterfaceName(alias), alias != name else { return false }
    return name == attachment.interface || name.hasPrefix("dev")
  }
}
