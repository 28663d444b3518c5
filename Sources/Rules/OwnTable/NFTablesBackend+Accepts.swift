// SPDX-License-Identifier: MIT
// Copyright 2026 The swift-cni authors

import Address
import CNI
import NFTables
import Netlink
import Rules

extension NFTablesBackend: AddressOwningBackend {
  package func attachmentRecord(of owner: Attachment, hint: [Rule]) throws(CNIError) -> AttachmentRecord? {
    do throws(CNIError) {
      let own = try elements(of: owner, hint).own
      return AttachmentRecord(
        accepts: own.compactMap { Layout.accept($0) }, ports: own.compactMap { Layout.port($0) })
    } catch {
      guard error.code == .notAvailable else { throw error }
      return nil
    }
  }

  /// Whether an attachment is accepted with an address.
  package func isAccepted(_ address: IPAddress) throws(CNIError) -> Bool {
    try stays(Layout.place(ForwardAccept(address)))
  }

  /// Those of some addresses that no attachment is accepted with whose recorded port is still there: a record stays when upstream's
  /// plugin deletes a container, and its address may be another's by now.
  package func unexplained(_ addresses: [IPAddress]) throws(CNIError) -> [IPAddress] {
    try transaction("look up accepted addresses") { (session) throws(NetlinkError) in
      let recorded = try session.read(elements: addresses.map { Layout.place(ForwardAccept($0)) }).elements
      let routes = try RouteSocket.open()
      var living: [AttachmentTag] = []
      for stored in try session.elements(of: Part.bridgePorts.name) {
        guard let owner = stored.element.comment?.owner, let port = Layout.port(stored.element) else { continue }
        if try routes.linkIfAny(named: port.name) != nil { living.append(owner) }
      }
      let explained = Set(living)
      return .done(
        addresses.filter { address in
          guard let stored = recorded[Layout.place(ForwardAccept(address))], stored.timeout == nil else { return true }
          return !(stored.element.comment.map { explained.contains($0.owner) } ?? false)
        })
    }
  }

  package func hasAccepts() throws(CNIError) -> Bool {
    try transaction("look for accepted addresses") { (session) throws(NetlinkError) in
      for family in AddressFamily.allCases {
        if try session.hasElement(in: Part.containers(family).name) { return .done(true) }
      }
      return .done(false)
    }
  }

  /// Whether an attachment isolates a bridge.
  package func isIsolated(_ bridge: String) throws(CNIError) -> Bool {
    try stays(SharedElement(bridge: bridge, in: Part.bridges).element.id)
  }

  private func stays(_ place: Element.ID) throws(CNIError) -> Bool {
    try transaction("look up an element of set \(place.set)") { (session) throws(NetlinkError) in
      .done(try session.stays(place))
    }
  }

  /// The ports of a bridge that no attachment is recorded with; none if there is no such bridge. One whose element is about to expire
  /// belongs to a container that is being deleted, and counts as recorded.
  package func unrecordedPorts(on bridge: String) throws(CNIError) -> [String] {
    let ports: [String]
    do throws(NetlinkError) {
      ports = try RouteSocket.open().ports(ofBridge: bridge)
    } catch {
      throw CNIError(.kernelRefused, "\(error)")
    }
    if ports.isEmpty { return [] }
    return try transaction("look up the ports of \(bridge)") { (session) throws(NetlinkError) in
      let recorded = try session.read(elements: ports.map { Layout.place(ofPort: $0) }).elements
      return .done(ports.filter { recorded[Layout.place(ofPort: $0)] == nil })
    }
  }

  package func hasRules(of owner: Attachment) throws(CNIError) -> Bool {
    try transaction("look for the rules of \(owner)") { (session) throws(NetlinkError) in
      .done(try session.stays(Layout.place(owner, self.part)))
    }
  }

  package func accepts(of owner: Attachment, hint: [Rule]) throws(CNIError) -> [ForwardAccept] {
    let (own, free) = try elements(of: owner, hint)
    return own.compactMap { Layout.accept($0) } + hint.accepts.filter { free.contains(Layout.place($0)) }
  }
}
