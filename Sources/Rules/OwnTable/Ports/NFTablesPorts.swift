// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI
import NFTables
import Netlink
import Rules

/// Forwards ports by elements of our own table.
package struct NFTablesPorts: PortForwarder {
  private let expiry: UInt64

  /// The timeout of elements that are removed, in milliseconds; see `ElementStore.expiry`.
  package init(expiry: UInt64 = 1) { self.expiry = expiry }

  /// Made when it is needed: a call of VERSION needs nothing of the table.
  var store: ElementStore { ElementStore(.ports, expiry: expiry) }

  /// Whether the kernel has nf_tables; true also if it does not let this process find out.
  package static var isInKernel: Bool {
    do throws(NetlinkError) {
      _ = try Session.own().generation()
      return true
    } catch {
      return !error.isNFTablesMissing
    }
  }

  package func apply(
    _ request: PortForwardingRequest, onConflict: ConflictPolicy
  ) throws(CNIError) -> AppliedChange {
    try store.apply(
      AttachmentElements(request), conflictField: onConflict == .error ? "runtimeConfig.portMappings" : nil)
  }

  package func verify(_ request: PortForwardingRequest) throws(CNIError) -> [String] {
    try store.verify(AttachmentElements(request))
  }

  package func remove(_ hint: PortForwardingRequest, ports: [HostPort]) throws(CNIError) -> [PortForward] {
    let removal = try store.remove(AttachmentElements(hint), ports: ports)
    // This includes hinted forwards that are gone already: a killed DEL may not have removed their flows.
    return removal.removed.compactMap(\.forward)
      + hint.forwards.filter { removal.missing.contains(Element.ID($0.hostPort)) }
  }

  package func removeAll(
    ofNetwork network: String, sparing valid: Set<AttachmentID>
  ) throws(CNIError) -> [PortForward] {
    try store.removeAll(ofNetwork: network, sparing: valid) { _ in }.removed.compactMap(\.forward)
  }

  package func probe() throws(CNIError) { try store.probe() }

  package func destinations(of ports: [HostPort]) throws(CNIError) -> [Endpoint?] {
    // A mapping on one host address takes precedence over one on all addresses.
    let candidates = ports.map { [Element.ID($0), Element.ID($0.onAllAddresses)] }
    return try ElementStore.transaction("look up where ports lead") { (session) throws(NetlinkError) in
      let stored = try session.read(elements: ElementIDs(candidates.flatMap { $0 }).list).elements
      return .success(
        candidates.map { ids in
          ids.lazy.compactMap { stored[$0] }.filter(\.stays).compactMap(\.element.destination).first
        })
    }
  }
}
