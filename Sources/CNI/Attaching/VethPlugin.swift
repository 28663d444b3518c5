// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import CNI
import Netlink
import Skel

/// A plugin whose interface is a veth with its other end on the host, and that may have rules on the host besides.
package protocol VethPlugin: InterfacePlugin {
  /// Removes the rules of the attachment, whatever the configuration says now of whether there are any.
  func removeRules(_ request: Request) throws(CNIError)
  /// Removes the rules of a network's attachments that are not valid.
  func removeRules(ofNetwork network: String, sparing valid: Set<AttachmentID>) throws(CNIError)
}

extension VethPlugin {
  package var kind: String? { HostVeth.kind }

  /// Removes the veth first: its addresses must not be another container's while it is there.
  package func delete(_ request: Request) throws(CNIError) {
    var failures = ErrorCollector()
    failures.run { () throws(CNIError) in
      let host = try reporting { () throws(NetlinkError) in try RouteSocket.open() }
      try HostVeth.remove(request, host)
    }
    failures.run { () throws(CNIError) in try releaseAddresses(request) }
    failures.run { () throws(CNIError) in try removeRules(request) }
    try failures.throwIfAny()
  }

  package func collectGarbage(_ request: NetworkRequest, sparing valid: Set<AttachmentID>) throws(CNIError) {
    let network = request.config.name
    var failures = ErrorCollector()
    failures.run { () throws(CNIError) in
      let host = try reporting { () throws(NetlinkError) in try RouteSocket.open() }
      try HostVeth.removeAll(ofNetwork: network, sparing: valid, host)
    }
    failures.run { () throws(CNIError) in try collectAddresses(request) }
    failures.run { () throws(CNIError) in try removeRules(ofNetwork: network, sparing: valid) }
    try failures.throwIfAny()
  }
}
