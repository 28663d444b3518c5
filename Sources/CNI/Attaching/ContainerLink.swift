// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI
import Netlink
import Skel

/// The interface that a plugin has made in the container.
package enum ContainerLink {
  /// Removes the interface CNI_IFNAME of the container if it has this kind. Does nothing if the namespace or the interface is gone.
  package static func remove(_ request: Request, ofKind kind: String) throws(CNIError) {
    try withNamespace(of: request) { () throws(NetlinkError) in
      let routes = try RouteSocket.open()
      guard let link = try routes.linkIfAny(named: request.attachment.interface), link.kind == kind else { return }
      try routes.removeLink(link.index)
    }
  }

  /// Runs `body` in the container's namespace; does nothing if that is gone, as DEL must then succeed.
  private static func withNamespace(
    of request: Request, _ body: () throws(NetlinkError) -> Void
  ) throws(CNIError) {
    if request.namespace == nil { return }
    do {
      try request.inContainer { (_) throws(CNIError) in try reporting(request.attachment.interface, body) }
    } catch {
      if error.code != .badEnvironment { throw error }
    }
  }
}
