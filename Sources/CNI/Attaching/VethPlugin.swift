// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI
import Netlink
import Skel

/// A plugin whose interface is a veth with its other end on the host, and that may have rules on the host besides.
package protocol VethPlugin: InterfacePlugin {
  /// Removes the rules of an attachment, whatever the configuration says now of whether there are any; `addresses` are those of its
  /// interface, none if they are not known.
  func removeRules(of attachment: Attachment, _ addresses: [Prefix]) throws(CNIError)
  /// Removes the rules of a network's attachments that are not valid.
  func removeRules(ofNetwork network: String, sparing valid: Set<AttachmentID>) throws(CNIError)
}

extension VethPlugin {
  package var kind: String? { HostVeth.kind }

  /// Removes the veth first: its addresses must not be another container's while it is there.
  package func delete(_ request: Request) throws(CNIError) {
    let attachment = request.attachment
    let result = (try? request.config.previousResult()) ?? nil
    var addresses = result?.ips(ofContainerInterface: attachment.interface).map(\.address) ?? []
    var failures = ErrorCollector()
    failures.run { () throws(CNIError) in
      let host = try reporting { () throws(NetlinkError) in try RouteSocket.open() }
      if addresses.isEmpty { addresses = (try? HostVeth.addresses(of: request, host)) ?? [] }
      try HostVeth.remove(request, host)
    }
    failures.run { () throws(CNIError) in try releaseAddresses(request) }
    failures.run { () throws(CNIError) in try removeRules(of: attachment, addresses) }
    try failures.throwIfAny()
  }

  package func collectGarbage(_ request: NetworkRequest, sparing valid: Set<AttachmentID>) throws(CNIError) {
    let network = request.config.name
    var removed: [RemovedInterface] = []
    var failures = ErrorCollector()
    failures.run { () throws(CNIError) in
      let host = try reporting { () throws(NetlinkError) in try RouteSocket.open() }
      removed = try HostVeth.removeAll(ofNetwork: network, sparing: valid, host)
    }
    failures.run { () throws(CNIError) in try collectAddresses(request) }
    for interface in removed {
      failures.run { () throws(CNIError) in try removeRules(of: interface.attachment, interface.addresses) }
    }
    failures.run { () throws(CNIError) in try removeRules(ofNetwork: network, sparing: valid) }
    try failures.throwIfAny()
  }
}
