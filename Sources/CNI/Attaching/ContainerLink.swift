// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI
import Netlink
import Skel

/// The interface that a plugin has made in the container.
package enum ContainerLink {
  /// Removes the interface CNI_IFNAME of the container if it has this kind, or else the one that has the attachment's tag as its alias.
  /// Does nothing if the namespace or the interface is gone.
  package static func remove(_ request: Request, ofKind kind: String) throws(CNIError) {
    try withNamespace(of: request) { (_) throws(CNIError) in
      try reporting(request.attachment.interface) { () throws(NetlinkError) in
        let routes = try RouteSocket.open()
        guard let link = try find(request.attachment, ofKind: kind, routes) else { return }
        try routes.removeLink(link.index)
      }
    }
  }

  /// Finds the attachment's interface in the container, also if the container or an unfinished ADD has it under another name. An alias
  /// is preferred to the name, because a container can swap the names of its interfaces; one that is another attachment's excludes it.
  static func find(
    _ attachment: Attachment, ofKind kind: String, _ routes: borrowing RouteSocket
  ) throws(NetlinkError) -> Link? {
    let tag = AttachmentTag(attachment)
    let named = try routes.linkIfAny(named: attachment.interface).flatMap { link in
      link.kind == kind && !tag.isContradicted(by: link.attributes.alias) ? link : nil
    }
    if let named, [tag.text, ""].contains(named.attributes.alias) { return named }
    let other = try routes.links(ofKind: kind).first { link in
      link.attributes.alias == tag.text || link.name == temporaryName(attachment)
    }
    return other ?? named
  }

  /// Runs `body` in the container's namespace; `home` is a descriptor of the plugin's own. Does nothing if that is gone, as DEL must then
  /// succeed.
  package static func withNamespace(
    of request: Request, _ body: (_ home: Int32) throws(CNIError) -> Void
  ) throws(CNIError) {
    if request.namespace == nil { return }
    do {
      try request.inContainer(body)
    } catch {
      if error.code != .badEnvironment { throw error }
    }
  }
}
