// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI
import Glibc
import Netlink
import Skel
import Veth

/// The host's side of a container's network, on a socket of the namespace that the plugin runs in.
struct Host: ~Copyable {
  let routes: RouteSocket

  static func open() throws(CNIError) -> Host {
    Host(
      routes: try reporting("look at the host's interfaces") { () throws(NetlinkError) in try RouteSocket.open() })
  }

  /// The host's end of the container's interface, as it is remembered or else by the interface's name; code 7 if that is no veth
  /// whose other end is here.
  func end(_ request: Request) throws(CNIError) -> Link {
    try request.hostEnd(routes, of: "can be shaped", remembered: try rememberedEnd(request.attachment))
  }

  /// The host's end that an attachment's shaping is on; nil if there is none, or the kernel has no names for it.
  func rememberedEnd(_ owner: Attachment) throws(CNIError) -> Link? {
    let name = HostEndName(owner).text
    return try reporting("look for \(name)") { () throws(NetlinkError) in try routes.linkIfAny(named: name) }
  }

  /// The attachment's IFB, and the name for one where there is none yet. Throws code 103 if an interface that is no IFB of a
  /// container has that name.
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

  /// Whether an IFB is the attachment's: its alias says so, or it has none and is upstream's for this container, or was never
  /// finished.
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
