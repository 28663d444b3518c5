// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI
import NFTables
import Netlink
import Rules

extension NFTablesFirewall: AttachmentRecorder {
  package func record(
    _ hint: ForwardFilterRequest, orBy better: () -> ForwardFilterRequest?
  ) throws(CNIError) -> AttachmentRecord? {
    do throws(CNIError) {
      let (own, free) = try store.elements(AttachmentElements(hint)) { better().map { AttachmentElements($0) } }
      return AttachmentRecord(
        accepts: own.accepts, ports: own.recordedPorts,
        unrecorded: hint.accepts.filter { free.contains(Element.ID($0)) }.map(\.address))
    } catch {
      guard error.code == .notAvailable else { throw error }
      return nil
    }
  }

  package func hasAccepts() throws(CNIError) -> Bool {
    try ElementStore.transaction("look for accepted addresses") { (session) throws(NetlinkError) in
      for family in AddressFamily.allCases {
        if try session.hasElement(in: Feature.containers(family).name) { return .success(true) }
      }
      return .success(false)
    }
  }

  package func hasRules(of attachment: Attachment) throws(CNIError) -> Bool {
    try exists(Element.ID(of: attachment, in: .firewall), "look for the rules of \(attachment)")
  }
}

extension NFTablesFirewall {
  /// Whether any attachment is recorded with an accept of the address.
  package func isAccepted(_ address: IPAddress) throws(CNIError) -> Bool {
    try exists(Element.ID(accepted: address), "look for the accept of \(address)")
  }

  /// Whether any attachment is recorded with an isolation of the bridge.
  package func isIsolated(_ bridge: String) throws(CNIError) -> Bool {
    try exists(SharedElement(bridge: bridge, in: Feature.bridges).element.id, "look for the isolation of \(bridge)")
  }

  private func exists(_ id: Element.ID, _ action: String) throws(CNIError) -> Bool {
    try ElementStore.transaction(action) { (session) throws(NetlinkError) in .success(try session.stays(id)) }
  }

  /// The addresses for which no attachment is recorded whose bridge port still exists. A record stays when upstream's plugin
  /// deletes its container, and the address may belong to another container by now.
  package func unexplained(_ addresses: [IPAddress]) throws(CNIError) -> [IPAddress] {
    try ElementStore.transaction("look up accepted addresses") { (session) throws(NetlinkError) in
      let recorded = try session.read(elements: addresses.map { Element.ID(accepted: $0) }).elements
      let routes = try RouteSocket.open()
      var living: [AttachmentTag] = []
      for stored in try session.elements(of: Feature.bridgePorts.name) {
        guard let owner = stored.element.owner, let port = stored.element.recordedPort else { continue }
        if try routes.linkIfAny(named: port.name) != nil { living.append(owner) }
      }
      let explained = Set(living)
      return .success(
        addresses.filter { address in
          guard let stored = recorded[Element.ID(accepted: address)], stored.stays else { return true }
          return !(stored.element.owner.map { explained.contains($0) } ?? false)
        })
    }
  }

  /// The ports of a bridge that no attachment is recorded with; none if there is no such bridge. A port whose element is about to
  /// expire counts as recorded, because its container is being deleted.
  package func unrecordedPorts(on bridge: String) throws(CNIError) -> [String] {
    let ports: [String]
    do throws(NetlinkError) {
      ports = try RouteSocket.open().ports(ofBridge: bridge)
    } catch {
      throw CNIError(.kernelRefused, "\(error)")
    }
    if ports.isEmpty { return [] }
    return try ElementStore.transaction("look up the ports of \(bridge)") { (session) throws(NetlinkError) in
      let recorded = try session.read(elements: ports.map { Element.ID(bridgePort: $0) }).elements
      return .success(ports.filter { recorded[Element.ID(bridgePort: $0)] == nil })
    }
  }
}
