// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI
import Netlink
import Skel

extension Host {
  /// The host end that a DEL finds by the name of the container's interface. Returns nil if the interface is gone or is no veth, or
  /// if its host end has the alternative name of another attachment, as the container has renamed its interfaces.
  func endByName(_ request: Request) throws(CNIError) -> Link? {
    if request.namespace == nil { return nil }
    do {
      let end = try request.hostEnd(routes, of: "can be shaped")
      return end.alternativeNames.contains { $0.hasPrefix(HostEndName.prefix) } ? nil : end
    } catch {
      if error.code == .badEnvironment || error.code == .invalidConfiguration { return nil }
      throw error
    }
  }

  /// The IFBs that a DEL removes: the attachment's own, and the one that upstream made for it, which gets the packets of `end` or is
  /// listed in the result. An IFB of that name that another attachment owns stays.
  func ifbs(of owner: Attachment, fedBy end: Link?, listed: [String]) throws(CNIError) -> [Link] {
    try reporting("look for the IFB of \(owner)") { () throws(NetlinkError) in
      var found: [Link] = []
      for name in IFBName.candidates(owner) + [.upstream(owner)] where !found.contains(where: { $0.name == name.text })
      {
        guard let link = try routes.linkIfAny(named: name.text), link.kind == "ifb" else { continue }
        let alias = link.attributes.alias ?? ""
        if alias.isEmpty
          ? try isUpstream(link, of: owner, fedBy: end, listed: listed) : IFBAlias(alias)?.owner == AttachmentTag(owner)
        {
          found.append(link)
        }
      }
      return found
    }
  }

  /// Whether an IFB without an alias is the one that upstream made for the attachment.
  private func isUpstream(
    _ link: Link, of owner: Attachment, fedBy end: Link?, listed: [String]
  ) throws(NetlinkError) -> Bool {
    if listed.contains(link.name) { return true }
    if let end, try sends(end, to: link) { return true }
    if owner.interface != "eth0" { return false }
    // Without a qdisc it was never finished; without a host end nothing speaks against it.
    guard end != nil else { return true }
    return try routes.qdisc(of: link.index, at: .root)?.bucket == nil
  }
}
