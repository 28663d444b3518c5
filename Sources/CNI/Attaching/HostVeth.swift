// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI
import Digest
import Netlink
import Skel

/// The host's end of a veth that a plugin makes for an attachment. Its alias is the attachment's tag, and its name follows from it, so that
/// it is found without the container's namespace.
package struct HostVeth: Sendable {
  package let name: String
  package let index: UInt32
  package let mac: MACAddress
  /// The container's end, with its index in the container's namespace.
  package let container: (index: UInt32, mac: MACAddress)

  /// The driver's name.
  package static let kind = "veth"

  /// The names that an attachment's host end may have, the first that is free: `veth` and eight digits, as upstream's. They are made as they
  /// are needed, which is rarely more than one.
  static func names(_ attachment: Attachment) -> some Sequence<String> {
    let digits = sha512(AttachmentTag(attachment).text)
    return (0..<8).lazy.map { number in
      "veth" + String(decoding: digits.utf8.dropFirst(number * 8).prefix(8), as: UTF8.self)
    }
  }

  /// Whether the attachment's host end may have this name.
  package static func isName(_ name: String, of attachment: Attachment) -> Bool { names(attachment).contains(name) }

  /// Makes both ends, each in its namespace and under its name, in one request; both are down. `container` is a descriptor of the
  /// container's namespace. Both MAC addresses are set, so that udev leaves them. `rollback` removes the veth. Throws code 103 if the container
  /// has an interface of this name.
  package static func make(
    _ attachment: Attachment, in container: Int32, mac: MACAddress?, mtu: UInt32?, _ routes: borrowing RouteSocket,
    undoneBy rollback: inout Rollback
  ) throws(CNIError) -> HostVeth {
    var peer = VethPeer(attachment.interface)
    peer.namespace = container
    let containerMAC = mac ?? .random()
    peer.attributes.address = containerMAC
    peer.attributes.mtu = mtu
    let own = MACAddress.random()
    rollback.add { () throws(CNIError) in try removeNew(of: attachment, own) }
    for name in names(attachment) {
      var link = NewLink(name, .veth(peer: peer))
      link.attributes.address = own
      link.attributes.mtu = mtu
      let made = try reporting { () throws(NetlinkError) in try routes.addAndRead(link) }
      if let made {
        guard let other = made.peer?.index else {
          throw CNIError(.kernelRefused, "the kernel does not tell the other end of \(name)")
        }
        return HostVeth(name: name, index: made.index, mac: own, container: (other, containerMAC))
      }
      let isHere = try reporting { () throws(NetlinkError) in try routes.linkIfAny(named: name) } != nil
      if !isHere { break }
    }
    throw CNIError(
      .resourceConflict, "CNI_IFNAME: the container has an interface \(attachment.interface) already")
  }
}

extension HostVeth {
  /// Keeps the host from taking a container for its router (CVE-2020-10749), which must be set before the end is up.
  package static func refuseRouterAdvertisements(on interface: String) throws(CNIError) {
    try IPv6Parameter.set("accept_ra", of: interface, to: "0")
  }

  /// The host ends that an attachment has, made by us: those under its names, unless the alias is another attachment's. Without alias it is
  /// one whose ADD was killed, which is down and on no bridge; upstream's, which may have such a name by chance, is in use.
  static func all(of attachment: Attachment, _ routes: borrowing RouteSocket) throws(NetlinkError) -> [Link] {
    let tag = AttachmentTag(attachment)
    return try routes.links(named: Array(names(attachment))).filter { link in
      let alias = link.attributes.alias ?? ""
      let isUpstreams = alias.isEmpty && (link.isUp || link.master != nil)
      return link.kind == kind && !isUpstreams && !tag.isContradicted(by: alias)
    }
  }

  /// Whether an interface of the host is the end of another attachment's veth; false if there is none of this name.
  package static func isAnothers(_ name: String, than attachment: Attachment) -> Bool {
    let link = (try? RouteSocket.open().linkIfAny(named: name)) ?? nil
    return AttachmentTag(attachment).isContradicted(by: link?.attributes.alias)
  }

  /// Removes the attachment's veth: by its end on the host, or else by the container's interface, whose other end upstream has made under
  /// any name. Does nothing if both are gone, or if that other end is another attachment's.
  package static func remove(_ request: Request, _ routes: borrowing RouteSocket) throws(CNIError) {
    let own = try reporting { () throws(NetlinkError) in try all(of: request.attachment, routes) }
    if !own.isEmpty {
      return try reporting { () throws(NetlinkError) in try routes.removeLinks(own.map(\.index)) }
    }
    let attachment = request.attachment
    try ContainerLink.withNamespace(of: request) { (home) throws(CNIError) in
      try reporting(attachment.interface) { () throws(NetlinkError) in
        let inside = try RouteSocket.open()
        guard let link = try inside.linkIfAny(named: attachment.interface), link.kind == kind else { return }
        let end = try hostEnd(of: link, home, inside, routes)
        if AttachmentTag(attachment).isContradicted(by: end?.attributes.alias) { return }
        try inside.removeLink(link.index)
      }
    }
  }

  /// The other end of a container's veth; nil if it is not on the host, whose namespace `home` is.
  private static func hostEnd(
    of link: Link, _ home: Int32, _ inside: borrowing RouteSocket, _ routes: borrowing RouteSocket
  ) throws(NetlinkError) -> Link? {
    guard let peer = link.peer, let number = peer.netnsID, try inside.netnsID(of: home) == number else { return nil }
    return try routes.linkIfAny(peer.index)
  }

  /// Removes a veth that was just made, if it was: its random MAC address tells it from another one of the attachment.
  private static func removeNew(of attachment: Attachment, _ mac: MACAddress) throws(CNIError) {
    try reporting { () throws(NetlinkError) in
      let routes = try RouteSocket.open()
      for name in names(attachment) {
        guard let link = try routes.linkIfAny(named: name), link.attributes.address == mac else { continue }
        try routes.removeLink(link.index)
      }
    }
  }

  /// Removes the host ends of a network's attachments that are not valid; returns those whose containers have valid ones besides, with
  /// their addresses.
  @discardableResult
  package static func removeAll(
    ofNetwork network: String, sparing valid: Set<AttachmentID>, _ routes: borrowing RouteSocket
  ) throws(CNIError) -> [RemovedInterface] {
    let prefix = AttachmentTag.prefix(ofNetwork: network)
    let spared = AttachmentTag.all(valid, ofNetwork: network)
    return try reporting("remove the interfaces of \(network)") { () throws(NetlinkError) in
      let left = try routes.links(ofKind: kind).filter { link in
        guard let alias = link.attributes.alias, alias.hasPrefix(prefix) else { return false }
        return !spared.contains(AttachmentTag(text: alias))
      }
      let kept = RemovedInterface.containers(valid, network)
      let removed = left.compactMap { RemovedInterface($0, of: network, kept, routes) }
      try routes.removeLinks(left.map(\.index))
      return removed
    }
  }
}
