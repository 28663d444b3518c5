// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI
import Glibc
import Netlink
import Skel
import Veth

/// The interfaces of the host, by a socket of the namespace that the plugin runs in.
struct Host: ~Copyable {
  let routes: RouteSocket

  static func open() throws(CNIError) -> Host {
    Host(
      routes: try reporting("look at the host's interfaces") { () throws(NetlinkError) in try RouteSocket.open() })
  }

  /// The host end of the container's interface, found by its alternative name or else by CNI_IFNAME. Throws code 7 if that is no
  /// veth with an end on this host.
  func end(_ request: Request) throws(CNIError) -> Link {
    try request.hostEnd(routes, of: "can be shaped", remembered: try rememberedEnd(request.attachment))
  }

  /// The host end with the attachment's alternative name; nil if there is none, or the kernel has no alternative names.
  func rememberedEnd(_ owner: Attachment) throws(CNIError) -> Link? {
    let name = HostEndName(owner).text
    return try reporting("look for \(name)") { () throws(NetlinkError) in try routes.linkIfAny(named: name) }
  }

  /// The attachment's IFB, or nil and the name for a new one. Throws code 103 if interfaces of others have all names that it may
  /// have.
  func ifb(of owner: Attachment, fedBy end: Link?) throws(CNIError) -> (name: IFBName, link: Link?) {
    let candidates = IFBName.candidates(owner)
    var free: IFBName?
    for name in candidates {
      guard let link = try link(name) else {
        free = free ?? name
        continue
      }
      if try isOwn(link, of: owner, fedBy: end) { return (name, link) }
    }
    if let free { return (free, nil) }
    let taken = candidates.map(\.text).joined(separator: ", ")
    throw CNIError(.resourceConflict, "the IFB \(taken) belongs to another container")
  }

  /// Whether an IFB is the attachment's: its alias names the attachment; or it has no alias, and gets the packets of `end` or was
  /// never finished.
  private func isOwn(_ link: Link, of owner: Attachment, fedBy end: Link?) throws(CNIError) -> Bool {
    let alias = link.attributes.alias ?? ""
    if link.kind != "ifb" {
      throw CNIError(
        .resourceConflict, "\(link.name) is no IFB (its kind is \"\(link.kind)\"), and so not this container's")
    }
    if !alias.isEmpty {
      guard let found = IFBAlias(alias) else {
        throw CNIError(.resourceConflict, "the IFB \(link.name) belongs to \(alias)")
      }
      return found.owner == AttachmentTag(owner)
    }
    guard let end else { return true }
    return try reporting("look at \(link.name)") { () throws(NetlinkError) in
      if try sends(end, to: link) { return true }
      return try routes.qdisc(of: link.index, at: .root)?.bucket == nil
    }
  }

  private func link(_ name: IFBName) throws(CNIError) -> Link? {
    try reporting("look for \(name.text)") { () throws(NetlinkError) in try routes.linkIfAny(named: name.text) }
  }
}
