// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Attaching
import CNI
import Invoke
import JSON
import NetNS
import Netlink
import OS
import Skel

/// Gives the container an interface that leads nowhere.
package struct Dummy: ContainerKindPlugin {
  package let name = "dummy"
  package static let kind = LinkKind.dummy.name
  package let executor: PluginExecutor
  package let note: (String) -> Void

  package init(executor: PluginExecutor, note: @escaping (String) -> Void) {
    self.executor = executor
    self.note = note
  }

  package func add(_ request: Request) throws(CNIError) -> NetworkResult {
    let dns = try reporting { () throws(FieldError) in try request.config.dns() }
    _ = try CNIArguments(request.arguments)
    let ipam = try IPAMPlugin.require(request.config, request.environment, executor)
    let container = try request.openNamespace()
    let inside = try request.inside(container) { () throws(CNIError) in
      try ContainerLink.requireFreeName(request.attachment.interface)
      return try reporting { () throws(NetlinkError) in try RouteSocket.open() }
    }
    return try allOrNothing { (rollback) throws(CNIError) in
      let link = try ContainerLink.making(request, ofKind: Self.kind, undoneBy: &rollback) { () throws(CNIError) in
        try ContainerLink.make(NewLink(request.attachment.interface, .dummy), inside)
      }
      return try OnlyInterface(link, request.attachment, dns: dns)
        .attach(request, ipam, in: container, undoneBy: &rollback, note: note)
    }
  }

  package func status(_ request: NetworkRequest) throws(CNIError) {
    let ipam = try IPAMPlugin.require(request.config, request.environment, executor)
    try ContainerLink.requireKind(.dummy)
    try ipam.status()
  }
}
