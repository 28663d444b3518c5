// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Attaching
import CNI
import Glibc
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
      guard let link = try device(of: request.attachment, selector, routes), let name = link.attributes.alias else {
        return
      }
      isInContainer = true
      try reporting("move \(link.name) back to the host") { () throws(NetlinkError) in
        try move(link, home, as: name, request.attachment, routes, host)
      }
    }
    if !isInContainer { try rename(request.attachment, host) }
  }

  /// Finds the device in the container, under any name: by the attachment's mark, or as upstream does by its alias, which is its name on
  /// the host. What has no such alias has another plugin made.
  private func device(
    of attachment: Attachment, _ selector: DeviceSelector?, _ routes: borrowing RouteSocket
  ) throws(CNIError) -> Link? {
    let links = try reporting { () throws(NetlinkError) in try routes.links() }
    if let marked = links.first(where: { $0.isMarked(for: attachment) }) { return marked }
    let candidates = links.filter { link in
      // Other attachments' have marks of theirs.
      if !link.marks.isEmpty { return false }
      if case .name? = selector { return selector?.selects(link) ?? false }
      return isInterfaceName(link.attributes.alias ?? "")
    }
    if let named = candidates.first(where: { $0.name == attachment.interface }) { return named }
    return candidates.first { selector?.selects($0) ?? false }
  }

  /// Moves the device. If the host has given its name away, DEL must succeed all the same: the device gets a name that is free, and its
  /// alias and mark still say what it was called.
  private func move(
    _ link: Link, _ home: Int32, as name: String, _ attachment: Attachment, _ routes: borrowing RouteSocket,
    _ host: borrowing RouteSocket
  ) throws(NetlinkError) {
    let isFree = try host.linkIfAny(named: name) == nil
    do throws(NetlinkError) {
      // The kernel puts a number in.
      try routes.move(link.index, toNamespace: home, name: isFree ? name : "dev%d", alias: isFree ? "" : name)
    } catch {
      // Another call has moved it meanwhile.
      if error.number == ENODEV { return }
      throw error
    }
    if !isFree { return noteTaken(link.name, name) }
    if let moved = try host.linkIfAny(named: name) { try host.unmark(moved, for: attachment) }
  }

  /// Gives a device that the kernel has moved to the host its name there.
  private func rename(_ attachment: Attachment, _ host: borrowing RouteSocket) throws(CNIError) {
    try reporting("look for the device on the host") { () throws(NetlinkError) -> Void in
      let link = try host.links().first { $0.isMarked(for: attachment) }
      guard let link, let name = link.attributes.alias else { return }
      if link.name != name {
        if link.isUp { return note("host-device: \(link.name) is up, so it does not get its name \(name) again") }
        if try host.linkIfAny(named: name) != nil { return noteTaken(link.name, name) }
        try host.rename(link.index, to: name)
      }
      var attributes = LinkAttributes()
      attributes.alias = ""
      try host.set(attributes, of: link.index)
      try host.unmark(link, for: attachment)
    }
  }

  private func noteTaken(_ present: String, _ name: String) {
    note("host-device: \(present) does not get its name \(name) again, which another interface of the host has now")
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
